"""`ftspec init` and `ftspec schema`: files to start from. `init` overwrites nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import ROOT, assert_no_traceback
from tests.cli.light import ftspec

pytestmark = pytest.mark.place

LINE = "# yaml-language-server: $schema="


def test_init_writes_a_spec_and_its_schema_which_lint_clean(tmp_path: Path) -> None:
    done = ftspec("init", "summarization", cwd=tmp_path)
    assert (done.code, done.out) == (0, ""), done.said
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ftspec.schema.json",
        "summarization.yaml",
    ]
    spec = (tmp_path / "summarization.yaml").read_text(encoding="utf-8")
    assert spec.startswith(f"{LINE}ftspec.schema.json\n")
    assert json.loads((tmp_path / "ftspec.schema.json").read_text(encoding="utf-8"))["$defs"]
    done = ftspec("lint", ".", cwd=tmp_path)
    assert (done.code, done.err) == (0, "1 spec: no problems found\n"), done.said


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    spec, schema = tmp_path / "specs.yaml", tmp_path / "ftspec.schema.json"
    spec.write_text("mine", encoding="utf-8")
    schema.write_text("mine too", encoding="utf-8")
    done = ftspec("init", "translation", "--output", spec)
    assert done.code == 2
    assert done.err == f'error: "{spec}" already exists; choose another with --output\n'
    done = ftspec("init", "translation", "--output", tmp_path / "other.yaml")
    assert done.code == 0, done.said
    assert spec.read_text(encoding="utf-8") == "mine"
    assert schema.read_text(encoding="utf-8") == "mine too"


def test_init_names_the_schema_it_is_told(tmp_path: Path) -> None:
    done = ftspec("init", "text-generation", "--output", "-", "--schema", "../s.json", cwd=tmp_path)
    assert done.code == 0
    assert done.out.startswith(f"{LINE}../s.json\n")
    assert list(tmp_path.iterdir()) == []


def test_init_suggests_a_task(tmp_path: Path) -> None:
    done = ftspec("init", "summarisation", cwd=tmp_path)
    assert done.code == 2
    assert done.err == (
        'error: no task "summarisation" is installed; did you mean "summarization"?\n'
    )
    assert list(tmp_path.iterdir()) == []


def test_init_says_where_it_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "x.yaml"
    done = ftspec("init", "translation", "--output", path)
    assert done.code == 2
    assert_no_traceback(done)
    assert done.err == f'error: cannot write "{path}": No such file or directory\n'


def test_schema_is_written_only_where_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    done = ftspec("schema", "--builtins-only", "--output", path)
    assert (done.code, done.out, done.err) == (0, "", f"wrote {path}\n"), done.said
    assert path.read_bytes() == (ROOT / "docs" / "ftspec.schema.json").read_bytes()
    done = ftspec("schema", "--builtins-only", "--output", path)
    assert (done.code, done.out, done.err) == (0, "", ""), done.said


def test_schema_says_where_it_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "schema.json"
    done = ftspec("schema", "--output", path)
    assert done.code == 2
    assert done.err == f'error: cannot write "{path}": No such file or directory\n'
