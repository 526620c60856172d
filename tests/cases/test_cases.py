"""Cases in the form that ``ftspec.testing.cases`` describes. Files whose name begins with
``_`` are there to be extended; what is found in them is expected in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.diagnostics.render import RENDERERS
from ftspec.explanations import explanations
from ftspec.registry.discover import build_registry
from ftspec.testing.cases import check_case, expected_in, found_in

FOLDER = Path(__file__).parent
REGISTRY = build_registry(with_entry_points=False)
CASES = sorted(path for path in FOLDER.glob("[!_]*/[!_]*.yaml") if path.is_file())


def files_of(path: Path) -> list[Path]:
    """The case, and the files in its folder that it names."""
    text = path.read_text(encoding="utf-8", errors="replace")
    named = [other for other in path.parent.glob("_*") if other.name in text]
    return [path, *(other for other in named if other.is_file()), *path.parent.glob("*.toml")]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    monkeypatch.setenv("CASE_WORD", "hunter2secret")
    monkeypatch.setenv("CASE_TOKEN", "ambient-token-value")
    monkeypatch.setenv("CASE_SHORT", "v1")
    monkeypatch.delenv("CASE_UNSET", raising=False)
    check_case(path, REGISTRY, *files_of(path)[1:])
    found = [finding for _, finding in found_in(path, REGISTRY)]
    assert all(finding.span is not None for finding in found)
    for render in RENDERERS.values():
        assert "hunter2secret" not in render(found)
        assert "ambient-token-value" not in render(found)


def test_every_slug_that_lint_gives_has_a_case() -> None:
    slugs = {slug for slug, one in explanations().items() if one.bad}
    shown = {
        path.parent.name
        for path in CASES
        if any(
            place.slug == path.parent.name
            for file in files_of(path)
            for place, _ in expected_in(file)
        )
    }
    assert slugs - shown == set()


def test_every_folder_is_of_a_slug() -> None:
    folders = {path.parent.name for path in CASES}
    assert folders - set(explanations()) == set()
