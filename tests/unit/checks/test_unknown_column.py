"""Columns of local files: fixes, helps, and cases that the check cannot decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.components import ComponentConfig, TransformComponent
from ftspec.diagnostics.fixes import apply_fixes, fixes_for
from ftspec.registry.registry import Plugin, Registered, Registry
from tests.unit.conftest import Diagnose, Examine, placed

ROW = '{"text": "a", "stars": 1, "the label": "x", "meta": {"lang": "en"}}\n'


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text(ROW)
    return tmp_path / "spec.yaml"


@pytest.fixture
def text(minimal_spec: str) -> str:
    return minimal_spec.replace("type: hub, path: acme/reviews", "type: json, files: rows.jsonl")


def test_misspelt_column_is_mended_in_its_braces(examine: Examine, text: str, spec: Path) -> None:
    text = text.replace('"{text}"', '"{{txt}} {txt} by {meta.lng}"')
    found = examine(text, path=spec).diagnostics
    assert [placed(one) for one in found] == ["8:29 unknown-column", "8:38 unknown-column"]
    assert found[0].helps == (
        'did you mean "text"?',
        f'"{spec.parent / "rows.jsonl"}" has "text", "stars", "the label", "meta.lang"',
    )
    assert found[0].span is not None
    source = found[0].span.source
    fixed = apply_fixes(source, fixes_for(source, found))
    assert '"{{txt}} {text} by {meta.lang}"' in fixed
    assert examine(fixed, path=spec).diagnostics == ()


def test_name_that_would_need_quotes_is_not_written_by_itself(
    examine: Examine, text: str, spec: Path
) -> None:
    transforms = "[{type: filter, column: the labl, max_words: 3}]"
    text = text.replace("preprocess:\n", f"preprocess:\n  transforms: {transforms}\n")
    (finding,) = examine(text, path=spec).diagnostics
    assert placed(finding) == "8:39 unknown-column"
    assert finding.helps[0] == 'did you mean "the label"?'
    assert finding.fix is None


def test_long_list_of_columns_is_cut(examine: Examine, text: str, spec: Path) -> None:
    names = ", ".join(f'"c{index}": 1' for index in range(100))
    (spec.parent / "rows.jsonl").write_text(f'{{{names}, "stars": 1}}\n')
    (finding,) = examine(text, path=spec).diagnostics
    assert finding.helps[-1].endswith('"c18", "c19", …')


def test_transform_of_a_plugin_may_make_columns(
    diagnose: Diagnose, text: str, spec: Path, registry: Registry
) -> None:
    record = TransformComponent(name="tagged", summary="", config=ComponentConfig, factory="a:b")
    added = {("transform", "tagged"): Registered(record, Plugin(name="p"))}
    wider = Registry({**registry.components, **added}, registry.plugins)
    transforms = (
        "[{type: filter, column: x, max_words: 3}, tagged, {type: deduplicate, columns: [y]}]"
    )
    text = text.replace("{text}", "{made}").replace(
        "preprocess:\n", f"preprocess:\n  transforms: {transforms}\n"
    )
    assert diagnose(text, path=spec, registry=wider) == ["8:39 unknown-column"]


@pytest.mark.parametrize(
    ("files", "findings"),
    [
        ("'*.jsonl'", ["8:21 unknown-column", "8:38 unknown-column"]),  # a.jsonl is the first
        ("[gone.jsonl, rows.jsonl]", ["3:32 missing-file"]),
        ("{test: a.jsonl, train: rows.jsonl}", []),
        (
            "{test: a.jsonl}",
            [
                "5:12 unknown-split",
                "6:17 unknown-split",
                "8:21 unknown-column",
                "8:38 unknown-column",
            ],
        ),
        ("rows.jsonl.gz", ["3:31 unreadable-data"]),  # it is damaged
        ("folder.jsonl", []),
        ("x.txt", ["3:31 unreadable-data"]),
    ],
)
def test_first_file_of_the_training_split_is_looked_at(
    files: str, findings: list[str], diagnose: Diagnose, text: str, spec: Path
) -> None:
    (spec.parent / "a.jsonl").write_text('{"other": 1}\n')
    (spec.parent / "rows.jsonl.gz").write_bytes(b"\x1f\x8b")
    (spec.parent / "folder.jsonl").mkdir()
    (spec.parent / "x.txt").write_text("not JSON\n")
    text = text.replace("files: rows.jsonl", f"files: {files}")
    assert diagnose(text, path=spec) == findings


def test_type_is_told_from_the_name_of_the_file(examine: Examine, text: str, spec: Path) -> None:
    (spec.parent / "rows.csv").write_text("text,stars\na,1\n")
    (finding,) = examine(text.replace("rows.jsonl", "rows.csv"), path=spec).diagnostics
    path = spec.parent / "rows.csv"
    assert finding.slug == "unreadable-data"
    assert finding.headline == f'cannot read "{path}" as json: line 1 is not JSON: expecting value'
    assert finding.helps == ('write "type: csv"',)


def test_path_from_the_environment_is_not_shown(examine: Examine, text: str, spec: Path) -> None:
    folder = spec.parent / "hunter2secret"
    folder.mkdir()
    (folder / "rows.jsonl").write_text("no JSON\n")
    text = text.replace("files: rows.jsonl", 'files: "${env:FOLDER}/*.jsonl"')
    (finding,) = examine(text, path=spec, environment={"FOLDER": "hunter2secret"}).diagnostics
    assert "${env:FOLDER}" in finding.headline
    assert "hunter2secret" not in finding.headline
