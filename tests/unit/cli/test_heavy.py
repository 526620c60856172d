"""No garbage is looked for while the engine is imported, and all is as before when it is not."""

from __future__ import annotations

import gc
import sys

import pytest

from ftspec.cli.launch.engine_imports import engine_imports


@pytest.fixture
def nothing_imported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """As in a process that begins; freezing what the tests have would keep it for ever."""
    done: list[str] = []
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(gc, "freeze", lambda: done.append("frozen"))
    return done


def test_what_was_imported_is_never_looked_through(nothing_imported: list[str]) -> None:
    with engine_imports():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert nothing_imported == ["frozen"]


def test_an_import_that_fails_leaves_all_as_it_was(nothing_imported: list[str]) -> None:
    with pytest.raises(ImportError), engine_imports():
        raise ImportError
    assert gc.isenabled()
    assert nothing_imported == []


def test_nothing_changes_where_torch_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", sys)
    with engine_imports():
        assert gc.isenabled()
