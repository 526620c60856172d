"""Updates the snapshots: ``python -m tests.snapshots.remake``. Review the changes afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import chdir
from functools import partial
from pathlib import Path

from ftspec import __version__
from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.diagnostics.render import RENDERERS, text
from ftspec.document.load import read_source
from ftspec.linting import lint
from ftspec.registry.discover import build_registry

FOLDER = Path(__file__).parent
SPECS = FOLDER / "specs"
FILES = ("language.yaml", "checks.yaml", "syntax.yaml", "no_such.yaml")

FORMATS: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
    "colour.txt": partial(text.render, colour=True),
    "concise.txt": RENDERERS["concise"],
    "github.txt": RENDERERS["github"],
    "json.json": RENDERERS["json"],
    "sarif.json": RENDERERS["sarif"],
    "text.txt": RENDERERS["text"],
}
"""What renders each snapshot, by the name of its file."""


def findings() -> list[Diagnostic]:
    """All findings of all files, information too, by the built-in components alone."""
    registry = build_registry(with_entry_points=False)
    found = Collector()
    with chdir(SPECS):
        for name in FILES:
            source = read_source(Path(name), found)
            if source is not None:
                found.extend(lint(source, registry))
    return list(found)


def snapshots() -> dict[str, str]:
    """What each file should hold."""
    found = findings()
    return {
        name: render(found).replace(f'"{__version__}"', '"VERSION"')
        for name, render in FORMATS.items()
    }


if __name__ == "__main__":
    for name, rendered in snapshots().items():
        (FOLDER / name).write_text(rendered, encoding="utf-8")
