"""The output of each renderer equals its snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.diagnostics.render import RENDERERS
from tests.snapshots.remake import FORMATS, findings, snapshots

pytestmark = pytest.mark.place

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", FORMATS)
def test_snapshot(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert snapshots()[name] == written, (
        'run "python -m tests.snapshots.remake" and look at what changed'
    )


def test_every_renderer_has_a_snapshot() -> None:
    assert {name.partition(".")[0] for name in FORMATS} == {*RENDERERS, "colour"}


def test_snapshots_show_every_kind_of_finding() -> None:
    found = findings()
    assert {one.severity.value for one in found} == {"error", "warning", "info"}
    for what, is_there in {
        "a fix": any(one.fix for one in found),
        "several labels": any(len(one.labels) > 1 for one in found),
        "no place": any(not one.labels for one in found),
        "no help": any(not one.helps for one in found),
        "another file": len({one.span.source.name for one in found if one.span}) > 2,
        "a tab": any(
            one.span and "\t" in one.span.source.lines[one.span.start.line] for one in found
        ),
    }.items():
        assert is_there, what
