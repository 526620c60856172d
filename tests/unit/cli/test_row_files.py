"""Which source reads a file for prediction, and that it reads as the run does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ftspec.cli.inputs.row_files import source_of
from ftspec.engine.data.row_files import read_file
from ftspec.errors import RunError, UsageError
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from tests.unit.conftest import PlanOf
from tests.unit.isolation import isolated_libraries

pytestmark = pytest.mark.place

LONG = "word " * 50_000
ROWS = [{"text": 'one, "two"'}, {"text": "মা\nline"}, {"text": "None"}, {"text": "007"}]
SPEC = """\
ftspec: 1
data: {source: SOURCE}
preprocess: {template: {text: "{text}", label: "{label}"}}
model: {checkpoint: google-bert/bert-base-uncased, revision: v1}
task: text-classification
"""
CSV = '"one, ""two""",1\n"মা\nline",2\nNone,3\n007,4\n'


@pytest.fixture(scope="module", autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with isolated_libraries(tmp_path_factory.mktemp("caches")):
        yield


def plan_with(plan_of: PlanOf, folder: Path, source: str) -> Plan:
    spec = SPEC.replace("SOURCE", source.replace("HERE", str(folder)))
    return plan_of(spec, path=folder / "spec.yaml")


def read(file: Path, plan: Plan, registry: Registry) -> list[dict[str, Any]]:
    source, _ = source_of(file, plan, registry)
    return [{"text": row["text"]} for row in read_file(source, plan, lambda note: None)]


def jsonl(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


LABELLED = [{**row, "label": "x"} for row in ROWS]


@pytest.mark.parametrize(
    ("name", "content", "source"),
    [
        ("rows.jsonl", jsonl(LABELLED).encode(), "{type: json, files: rows.jsonl}"),
        ("rows.txt", jsonl(LABELLED).encode(), "{type: json, files: rows.txt}"),
        ("rows", b"\xef\xbb\xbf" + jsonl(LABELLED).encode(), "{type: json, files: rows}"),
        (
            "rows.json",
            json.dumps({"data": LABELLED}).encode("utf-16"),
            "{type: json, files: rows.json, field: data, encoding: utf-16}",
        ),
        (
            "rows.jsonl.gz",
            gzip.compress(jsonl(LABELLED).encode(), mtime=0),
            "{type: json, files: '*.gz'}",
        ),
        ("rows.csv", f"text,label\n{CSV}".encode(), "{type: csv, files: '*.csv'}"),
        ("rows.data", f"text,label\n{CSV}".encode(), "{type: csv, files: rows.data}"),
        (
            "rows.csv",
            CSV.replace(",1", ";1")
            .replace(",2", ";2")
            .replace(",3", ";3")
            .replace(",4", ";4")
            .encode("utf-16"),
            "{type: csv, files: rows.csv, delimiter: ';', encoding: utf-16, "
            "column_names: [text, label]}",
        ),
        (
            "rows.tsv",
            b"text\tlabel\n'one, \"two\"'\t1\n'\xe0\xa6\xae\xe0\xa6\xbe\nline'\t2\nNone\t3\n007\t4",
            '{type: csv, files: rows.tsv, quotechar: "\'", quoting: minimal}',
        ),
    ],
)
def test_a_file_of_the_source_is_read_as_the_source_reads_it(
    plan_of: PlanOf, registry: Registry, tmp_path: Path, name: str, content: bytes, source: str
) -> None:
    (tmp_path / name).write_bytes(content)
    plan = plan_with(plan_of, tmp_path, source)
    assert read(tmp_path / name, plan, registry) == ROWS


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.jsonl", jsonl(ROWS)),
        ("rows.NDJSON", jsonl(ROWS)),
        ("rows.json", json.dumps(ROWS, indent=1)),
        ("rows.csv", f"text,label\n{CSV}"),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_with_another_ending_is_read_by_its_ending(
    plan_of: PlanOf, registry: Registry, tmp_path: Path, name: str, content: str, mark: str
) -> None:
    path = tmp_path / name
    path.write_text(mark + content, encoding="utf-8")
    plan = plan_with(plan_of, tmp_path, "{type: hub, path: acme/reviews, revision: v1}")
    assert read(path, plan, registry) == ROWS


def test_lines_of_text_take_the_place_of_a_column(
    plan_of: PlanOf, registry: Registry, tmp_path: Path
) -> None:
    path = tmp_path / "lines.txt"
    path.write_text(f"one\n  two  \r\nমা\n{LONG}", encoding="utf-8")
    plan = plan_with(plan_of, tmp_path, "{type: hub, path: acme/reviews, revision: v1}")
    assert source_of(path, plan, registry).is_plain_text
    assert [row["text"] for row in read(path, plan, registry)] == ["one", "  two  ", "মা", LONG]


def test_parquet_needs_no_answers(plan_of: PlanOf, registry: Registry, tmp_path: Path) -> None:
    import datasets

    datasets.Dataset.from_list(LABELLED).to_parquet(tmp_path / "rows.parquet")
    datasets.Dataset.from_list(ROWS).to_parquet(tmp_path / "new.parquet")
    source = "{type: parquet, files: rows.parquet, columns: [text, label]}"
    plan = plan_with(plan_of, tmp_path, source)
    assert read(tmp_path / "new.parquet", plan, registry) == ROWS


def test_an_unknown_ending(plan_of: PlanOf, registry: Registry, tmp_path: Path) -> None:
    plan = plan_with(plan_of, tmp_path, "{type: hub, path: acme/reviews, revision: v1}")
    with pytest.raises(UsageError, match="has an unknown format"):
        source_of(Path("rows.xlsx"), plan, registry)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("rows.jsonl", b'{"text": "a"}\nnonsense\n', "line 2 is not JSON"),
        ("rows.jsonl", b'["one", 1]\n', "item 2 must be an object with the columns of the spec"),
        ("rows.json", b"[", "line 1 is not JSON"),
        ("rows.json", b"", "there are no rows"),
        ("rows.csv", b"text,label\n", "there are no rows"),
        ("rows.jsonl", b'{"text": "\\ud83d"}\n', "line 1 has half of a character"),
        *((f"rows.{one}", b"\xff\xfe", "is not UTF-8 text") for one in ("jsonl", "csv", "txt")),
    ],
)
def test_file_at_fault(
    plan_of: PlanOf, registry: Registry, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    plan = plan_with(plan_of, tmp_path, "{type: hub, path: acme/reviews, revision: v1}")
    with pytest.raises(RunError) as caught:
        read(path, plan, registry)
    assert caught.value.slug == "unreadable-data"
    assert caught.value.headline.startswith(f'cannot read "{path}" as ')
    assert says in caught.value.headline
    assert caught.value.at == ()
