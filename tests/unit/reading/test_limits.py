"""A file that would take the memory of the machine is refused with its limit, at lint and in a
run."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import time
import zipfile
from pathlib import Path

import pytest

from ftspec.reading.file_format import FileFormat, UnreadableError
from ftspec.reading.limits import LONGEST_ROW, MOST_COLUMNS
from ftspec.reading.row_file import RowFile
from ftspec.reading.separated_values import distinct

MANY = MOST_COLUMNS + 1
JSON, CSV = FileFormat(name="json"), FileFormat(name="csv")
TEXT = FileFormat(name="text")


def refused(path: Path, form: FileFormat, says: str, *, at_lint: bool) -> None:
    began = time.process_time()
    with pytest.raises(UnreadableError, match=says) as raised:
        for _ in RowFile(path, form).rows():
            pass
    assert raised.value.helps
    if at_lint:
        with pytest.raises(UnreadableError, match=says):
            RowFile(path, form).sample()
    else:
        RowFile(path, form).sample()
    assert time.process_time() - began < 5


@pytest.fixture(scope="module")
def long_line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of one line, a letter longer than a line may be."""
    path = tmp_path_factory.mktemp("long") / "rows"
    with path.open("wb") as stream:
        for _ in range(LONGEST_ROW // 1_000_000):
            stream.write(b"x" * 1_000_000)
        stream.write(b"x")
    return path


@pytest.mark.parametrize(
    "form",
    [
        JSON,
        CSV,
        TEXT,
        FileFormat(name="text", sample_by="paragraph"),
        FileFormat(name="text", sample_by="document"),
    ],
    ids=["json", "csv", "line", "paragraph", "document"],
)
def test_long_line(form: FileFormat, long_line: Path) -> None:
    refused(long_line, form, "more than 100,000,000 characters", at_lint=False)


def test_columns(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(MANY)]
    says = f"{MANY:,} columns, and a file may have {MOST_COLUMNS:,}"
    (tmp_path / "rows.csv").write_text(",".join(names) + "\n")
    refused(tmp_path / "rows.csv", CSV, says, at_lint=True)
    (tmp_path / "rows.jsonl").write_text(json.dumps(dict.fromkeys(names)) + "\n")
    refused(tmp_path / "rows.jsonl", JSON, f"line 1 has {says}", at_lint=True)
    (tmp_path / "many.jsonl").write_text("".join(f'{{"{name}": 1}}\n' for name in names))
    refused(tmp_path / "many.jsonl", JSON, says, at_lint=False)
    (tmp_path / "long.csv").write_text(",".join(names * 30) + "\n")
    with pytest.raises(UnreadableError, match="the start of its first line has"):
        RowFile(tmp_path / "long.csv", CSV).sample()


def test_as_many_columns_as_allowed(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("\n".join([",".join(["a"] * MOST_COLUMNS)] * 2))
    [row] = RowFile(tmp_path / "rows.csv", CSV).rows()
    assert len(row.values) == MOST_COLUMNS


def test_equal_names_take_no_longer() -> None:
    began = time.process_time()
    assert distinct(["a"] * 100_000)[-1] == "a.99999"
    assert distinct(["a", "a.1", "a", "a"]) == ("a", "a.1", "a.2", "a.3")
    assert time.process_time() - began < 2


def pack(path: Path, kind: str, count: int) -> Path:
    """Pack a megabyte ``count`` times: the other formats than zip may have many parts."""
    content = b'{"text": "x"}\n' * 70_000
    if kind == "zip":
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("rows.jsonl", "w") as inside,
        ):
            for _ in range(count):
                inside.write(content)
        return path
    compress = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[kind]
    path.write_bytes(compress(content) * count)
    return path


@pytest.mark.parametrize("kind", ["gz", "zip", "bz2", "xz"])
def test_file_that_unpacks_to_much(kind: str, tmp_path: Path) -> None:
    path = pack(tmp_path / f"rows.jsonl.{kind}", kind, 110)
    refused(path, JSON, "unpacks to more than 200 times its size", at_lint=kind == "zip")


def test_lint_takes_the_size_from_the_end_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    with gzip.open(path, "wb") as stream:
        for _ in range(110):
            stream.write(b'{"text": "x"}\n' * 70_000)
    refused(path, JSON, "unpacks to more than 200 times its size", at_lint=True)


@pytest.mark.parametrize("kind", ["gz", "zip", "bz2", "xz"])
def test_small_file_may_be_packed_well(kind: str, tmp_path: Path) -> None:
    path = pack(tmp_path / f"rows.jsonl.{kind}", kind, 1)
    assert sum(1 for _ in RowFile(path, JSON).rows()) == 70_000


def test_array_in_one_line_may_be_long(tmp_path: Path) -> None:
    rows = [{"text": "x" * 1000}] * 3000
    (tmp_path / "rows.json").write_text("  \n " + json.dumps(rows))
    assert sum(1 for _ in RowFile(tmp_path / "rows.json", JSON).rows()) == 3000


def test_line_at_fault_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b"{}\n" * 3 + b'{"a": "' + b"x" * 3_000_000 + b'\xff"}\n')
    with pytest.raises(UnreadableError, match="line 4 is not UTF-8"):
        list(RowFile(tmp_path / "rows.jsonl", JSON).rows())
