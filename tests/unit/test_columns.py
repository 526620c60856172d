"""Columns from the first bytes of a file equal those that datasets reads."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets.exceptions import DatasetGenerationError
from hypothesis import given
from hypothesis import strategies as st

from ftspec.columns import Columns, columns_of, dotted_names, has_column
from ftspec.reading.file_format import FileFormat, FormatName, UnreadableError
from ftspec.reading.row_file import MOST_BYTES, RowFile
from tests.unit.isolation import isolated_libraries

pytestmark = pytest.mark.place


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with isolated_libraries(tmp_path_factory.mktemp("caches")):
        yield


def read(path: Path, kind: FormatName, **options: Any) -> Columns | None:
    sample = RowFile(path, FileFormat(name=kind, **options)).sample()
    return columns_of(sample) if sample is not None else None


JSON = [
    '{"text": "a", "label": 1}\n{"text": "b", "label": 2}\n',
    '[{"text": "a"}, {"text": "b"}]',
    '\n  [\n {"text": "a"},\n {"text": "b"}\n]\n',
    '\n\n{"text": "a"}\n\n{"text": "b"}',
    '\ufeff{"text": "a"}\n',
    '{\n "text": "a",\n "label": 1\n}\n',
    '{\n "text": "a"\n}\n{\n "text": "b"\n}\n',
    '{"text": "a"} {"text": "b"}\n',
    '{"text": "a"}\n{"text": "b", "x": 1}\n',
    '[{"text": "a"}, {"text": "b", "x": 1}]',
    '{"t": {"en": "a", "fr": {"x": 1}}}\n{"t": null}\n',
    '{"text": NaN}\n',
    '{"text": ["a", "b"]}\n',
    '{"é": "a"}\r\n{"é": "b"}\r\n',
]
CSV = [
    "text,label\na,1\n",
    "\ufefftext,label\na,1\n",
    "\n\ntext,label\na,1\n",
    '"te,xt","la""bel"\na,1\n',
    '"te\nxt",label\na,1\n',
    "text, label\na,1\n",
    "text,text,,,text\na,1,2,3,4\n",
    "text;label\na;1\n",
    "text,label,\na,1,\n",
    "1,2\na,1\n",
    "text,label\ra,1\r",
    "text,label\r\na,1\r\n",
    "te\u2028xt,label\na,1\n",
]


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize(
    ("kind", "text"), [*(("json", text) for text in JSON), *(("csv", text) for text in CSV)]
)
def test_columns_are_those_that_datasets_reads(kind: FormatName, text: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows.{kind}"
    path.write_bytes(text.encode())
    columns = read(path, kind)
    assert columns is not None
    rows = datasets.load_dataset(kind, data_files=str(path), split="train")
    assert list(columns) == rows.column_names


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"text": "a"}], ["text"]),
        ([{"text": "a"}, {"x": 1}], ["text", "x"]),
        ({"text": ["a", "b"]}, ["text"]),
    ],
)
def test_columns_below_a_key(value: Any, expected: list[str], tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps({"version": 1, "rows": value}))
    columns = read(path, "json", key="rows")
    assert columns is not None
    assert list(columns) == expected
    rows = datasets.load_dataset("json", data_files=str(path), field="rows", split="train")
    assert rows.column_names == expected


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        ("json", b"text,label\na,1\n", "line 1 is not JSON: expecting value"),
        ("json", b'{"text": "a"}\n{"text": "b",}\n', "line 2 is not JSON: "),
        ("json", b'{"text": "a"}\n{"text":\n', "line 2 is not JSON: expecting value"),
        ("json", b'[{"text": "a"} {"text": "b"}]', "line 1 is not JSON: expecting ',' delimiter"),
        ("json", b'{"text": "a\tb"}\n', "line 1 is not JSON: invalid control character at"),
        ("json", b'{"text": "a"}\n{"text": "\xe9"}\n', "line 2 is not UTF-8 text"),
        ("json", b"PAR1\x15\x04\x15", "it is a Parquet file"),
        ("json", b"1\n2\n", "line 1 must be an object"),
        ("json", b"[" * 50_000, "its values are nested too deeply"),
        ("json", b"9" * 5_000, "line 1 has a value that is too large"),
        ("json", gzip.compress(b'{"text": "a"}\n', mtime=0)[:-9], "it is damaged"),
        ("csv", b"text,label\na,1\n\xe9,2\n", "line 3 is not UTF-8 text"),
        ("csv", b"", "it has no header line"),
        ("csv", b"text,label\na,1\n\nb,2,3\n", "line 4 has 3 values, and the header 2"),
        ("csv", b'text,label\n"a\nb",1\nb,2,\n', "line 4 has 3 values, and the header 2"),
        ("csv", b"PAR1\x15\xff\xff", "it is a Parquet file"),
    ],
)
def test_unreadable_file_is_one_that_datasets_cannot_read(
    kind: FormatName, content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / f"rows.{kind}"
    path.write_bytes(content)
    with pytest.raises(UnreadableError) as caught:
        read(path, kind)
    assert str(caught.value).startswith(reason)
    with pytest.raises((DatasetGenerationError, EOFError, UnicodeDecodeError)):
        list(datasets.load_dataset(kind, data_files=str(path), split="train"))


def test_missing_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('{"row": []}')
    with pytest.raises(UnreadableError, match='it has no key "rows"'):
        read(path, "json", key="rows")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("json", b""),
        ("json", b"{}\n"),
        # cut off before anything is certain
        ("json", b'{"text": "' + b"a" * MOST_BYTES),
        ("json", b'{"text": "a"}\n{"text": "a", "x": 1}\n' * 1_000),
        ("csv", b'"a\n' + b"a\n" * MOST_BYTES),
    ],
)
def test_where_the_beginning_settles_nothing_the_columns_are_unknown(
    kind: FormatName, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "rows"
    path.write_bytes(content)
    assert read(path, kind) is None


def test_beginning_with_too_many_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(b"a," * MOST_BYTES)
    with pytest.raises(UnreadableError, match="a file may have 10,000"):
        read(tmp_path / "rows", "csv")


def test_file_without_access_is_unknown(tmp_path: Path) -> None:
    assert read(tmp_path / "gone", "json") is None
    assert read(tmp_path, "json") is None


def test_beginning_of_a_long_file_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    row = json.dumps({"text": "é" * 50, "meta": {"x": 1}}, ensure_ascii=False) + "\n"
    path.write_text(row * 2_000, encoding="utf-8")
    assert read(path, "json") == {"text": {}, "meta": {"x": {}}}
    path.write_text("[\n" + ",\n".join([row.strip()] * 2_000) + "\n]", encoding="utf-8")
    assert read(path, "json") == {"text": {}, "meta": {"x": {}}}
    path.write_text("text,label\n" + "a,1\n" * 30_000, encoding="utf-8")
    assert read(path, "csv") == {"text": {}, "label": {}}


def test_nested_column_that_only_some_rows_of_a_long_file_have_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_text('{"meta": {"x": 1}}\n{"meta": {"x": 1, "y": 2}}\n' * 5_000)
    columns = read(path, "json")
    assert columns == {"meta": None}
    assert has_column(columns, "meta.anything")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a", True),
        ("a.b", True),
        ("a.b.c", False),
        ("a.c", False),
        ("n", True),
        ("n.anything.at.all", True),
        ("x.y", True),
        ("x", False),
        ("", False),
        ("a.", False),
    ],
)
def test_dotted_name_reaches_into_nested_columns(name: str, expected: bool) -> None:
    assert has_column({"a": {"b": {}}, "n": None, "x.y": {}}, name) is expected


def test_nested_columns_are_listed_with_dots() -> None:
    assert dotted_names({"a": {"b": {}, "c": {"d": {}}}, "n": None}) == ["a.b", "a.c.d", "n"]


_PIECES = st.lists(
    st.sampled_from(
        [b"[", b"]", b"{", b"}", b'"a"', b":", b",", b"\n", b"1", b"null", b"\xe9", b'"', b";"]
    ),
    max_size=30,
).map(b"".join)


@given(content=st.binary(max_size=80) | _PIECES, key=st.sampled_from([None, "a"]))
def test_any_bytes_give_columns_or_a_reason(
    content: bytes, key: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    path.write_bytes(content)
    kinds: tuple[FormatName, ...] = ("csv", "json")
    for kind in kinds:
        try:
            columns = read(path, kind, key=key)
        except UnreadableError:
            continue
        assert columns is None or dotted_names(columns)


def test_rows_all_longer_than_the_header_are_told(tmp_path: Path) -> None:
    """Pandas reads the first value as the name of the row, and shifts the others."""
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n7,a,1\n8,b,2\n")
    with pytest.raises(UnreadableError, match="line 2 has 3 values, and the header 2"):
        read(path, "csv")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig", "cp1251"])
def test_encoding(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    name = "текст" if encoding == "cp1251" else "déjà"
    for count in (1, 300_000):
        path.write_bytes((f"{name},label\n" + "a,1\n" * count).encode(encoding))
        sample = RowFile(path, FileFormat(name="csv", encoding=encoding)).sample()
        assert sample is not None
        assert sample.is_whole == (count == 1)
        assert sample.columns == (name, "label")


@pytest.mark.parametrize("count", [1_000, 1_001])
def test_a_sample_has_the_first_rows(count: int, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "a"}\n' * count))
    sample = RowFile(path, FileFormat(name="json")).sample()
    assert sample is not None
    assert len(sample.rows) == 1_000
    assert sample.is_whole == (count == 1_000)
