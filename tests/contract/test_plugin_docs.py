"""The pages for plugin authors show the actual files."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from ftspec import api
from ftspec.components import Component
from tests.cli.command import ROOT

pytestmark = pytest.mark.place

DOCS = ROOT / "docs"


def test_files_of_the_new_plugin_are_fresh(tmp_path: Path) -> None:
    copied = tmp_path / "plugins.md"
    copied.write_text((DOCS / "plugins.md").read_text(encoding="utf-8"), encoding="utf-8")
    script = tmp_path / "plugins.py"
    script.write_text((DOCS / "plugins.py").read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run([sys.executable, script], check=True)
    page = (DOCS / "plugins.md").read_text(encoding="utf-8")
    assert copied.read_text(encoding="utf-8") == page, "run: python docs/plugins.py"
    assert page.count("<!-- file: ") == 6


def test_reference_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, DOCS / "api.py"], capture_output=True, text=True, check=True
    )
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    assert done.stdout == page, "run: python docs/api.py > docs/api.md"


def test_everything_public_says_what_it_is() -> None:
    for name in set(api.__all__) - {"Field"}:
        value = getattr(api, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), name


def test_guide_names_every_kind_and_every_method_of_a_task() -> None:
    guide = (DOCS / "plugins.md").read_text(encoding="utf-8")
    for record in Component.__subclasses__():
        assert f"`{record.__name__}`" in guide or f"{record.__name__}(" in guide, record
    for name, _ in inspect.getmembers(api.Task, inspect.isfunction):
        if not name.startswith("_"):
            assert f"| `{name}` |" in guide, name
