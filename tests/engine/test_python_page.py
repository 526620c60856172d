"""docs/python.md and docs/python.ipynb: every block and every cell runs."""

from __future__ import annotations

import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import ftspec
from tests.cli.command import ROOT, own_environment
from tests.engine.test_python_door import SPEC

pytestmark = pytest.mark.slow

PAGE, NOTEBOOK = ROOT / "docs" / "python.md", ROOT / "docs" / "python.ipynb"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
OF_RAY = "from ray.train"
"""In a block that needs Ray: ``tests/engines/test_ray.py`` runs it."""
TABLE = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def test_every_block_of_the_page_runs(
    bert: Path, glosses: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC % {"rows": glosses, "model": bert}, encoding="utf-8")
    blocks = [one for one in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if OF_RAY not in one]
    assert len(blocks) == 6
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)

    assert names["run"].status == "finished"
    assert names["run"].path.parent == tmp_path / "experiments" / "door"
    assert names["slugs"] == ["unknown-key"]
    assert len([*tmp_path.glob("runs/seeds/*/model")]) == 2


def test_the_page_has_every_error() -> None:
    errors = {name for name in ftspec.__all__ if name.endswith("Error")} - {"FtspecError"}
    assert errors <= {*TABLE.findall(PAGE.read_text(encoding="utf-8"))}


@pytest.mark.long
@pytest.mark.skipif(find_spec("nbclient") is None, reason="nbclient is not installed")
def test_every_cell_of_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    for name, value in own_environment(IPYTHONDIR=str(tmp_path / "ipython")).items():
        monkeypatch.setenv(name, value)
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    (tmp_path / "docs").mkdir()
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(tmp_path / "docs")}}
    NotebookClient(notebook, timeout=1800, resources=resources).execute()

    progress, table, accuracy, predictions, again = (
        cell.outputs for cell in notebook.cells if cell.cell_type == "code"
    )
    page = "".join(progress[0]["data"]["text/html"])
    assert "<progress" not in page
    assert "<caption>Evaluations</caption>" in page
    assert [one for one in progress if one["output_type"] == "stream"] == []
    shown = table[0]["data"]["text/html"]
    assert "<strong>quickstart</strong> finished" in shown
    assert again[0]["data"]["text/html"] == shown
    assert 0 < float(accuracy[0]["data"]["text/plain"]) <= 1
    assert "'label': " in predictions[0]["data"]["text/plain"]


def test_the_notebook_has_no_output() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert [one for one in cells if one.get("outputs") or one.get("execution_count")] == []
