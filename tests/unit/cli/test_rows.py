"""Rows read from files of every format, and what is said of a file that is at fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ftspec.cli.inputs.row_files import FORMATS, read_rows
from ftspec.errors import RunError

pytestmark = pytest.mark.place

LONG = "word " * 100_000
ROWS = [{"text": 'one, "two"', "n": "1"}, {"text": "মা\nline", "n": "2"}]


def read(path: Path) -> Iterator[Mapping[str, Any]]:
    return read_rows(path, lambda text: {"text": text})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.jsonl", '{"text": "one, \\"two\\"", "n": "1"}\n\n{"text": "মা\\nline", "n": "2"}'),
        ("rows.NDJSON", '{"text": "one, \\"two\\"", "n": "1"}\n{"text": "মা\\nline", "n": "2"}\n'),
        ("rows.json", '[{"text": "one, \\"two\\"", "n": "1"},\n {"text": "মা\\nline", "n": "2"}]'),
        ("rows.csv", 'text,n\n"one, ""two""",1\n"মা\nline",2\n'),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_format(name: str, content: str, mark: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(mark + content, encoding="utf-8")
    assert list(read(tmp_path / name)) == ROWS


def test_lines_of_text(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("one\n\n  two  \r\nমা", encoding="utf-8")
    assert [row["text"] for row in read(tmp_path / "lines.txt")] == ["one", "  two  ", "মা"]


def test_documents_as_long_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text(f"text\n{LONG}\n", encoding="utf-8")
    assert [row["text"] for row in read(tmp_path / "long.csv")] == [LONG]


def test_rows_before_a_fault_are_given(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "one"}\nnonsense\n')
    rows = read(tmp_path / "rows.jsonl")
    assert next(rows) == {"text": "one"}
    with pytest.raises(RunError, match="line 2 is not JSON"):
        next(rows)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("rows.jsonl", b'["one"]\n', "line 1 must be an object with the columns of the spec"),
        ("rows.json", b'{"text": "one"}', "it must be an array of objects"),
        ("rows.json", b'[{"text": "one"}, "two"]', "item 2 must be an object"),
        ("rows.json", b"[", "Expecting value"),
        ("rows.json", b"", "Expecting value"),
        *((f"rows{suffix}", b"\xff\xfe", "it is not UTF-8 text") for suffix in FORMATS),
    ],
)
def test_file_at_fault(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RunError) as caught:
        list(read(path))
    assert caught.value.slug == "unreadable-data"
    assert caught.value.headline.startswith(f'cannot read "{path}": ')
    assert says in caught.value.headline
