"""What the csv module writes is read back equal, in every dialect that a source can name; and where
no dialect is named, tab-separated quotes are read for what they are."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftspec.reading.file_format import FileFormat, Quoting, UnreadableError
from ftspec.reading.row_file import RowFile

pytestmark = pytest.mark.place

_QUOTING: dict[Quoting, int] = {
    "minimal": csv.QUOTE_MINIMAL,
    "all": csv.QUOTE_ALL,
    "nonnumeric": csv.QUOTE_NONNUMERIC,
    "none": csv.QUOTE_NONE,
}
_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".psv": "|"}

# as few characters as possible, so that they meet each other
_texts = st.text(alphabet="a\"'\\,;\t|\n\r é\ufeff1", max_size=6)


@st.composite
def _dialects(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The ending of a file, the keys of a source, and the arguments of ``csv.writer``."""
    ending = draw(st.sampled_from(sorted(_DELIMITERS)))
    quoting = draw(st.sampled_from(sorted(_QUOTING)))
    keys: dict[str, Any] = {"quoting": quoting}
    if draw(st.booleans()):
        keys["delimiter"] = draw(st.sampled_from([",", ";", "\t", "|"]))
    if draw(st.booleans()):
        keys["quotechar"] = draw(st.sampled_from(['"', "'"]))
    arguments: dict[str, Any] = {"delimiter": _DELIMITERS[ending], **keys}
    if quoting == "none" or draw(st.booleans()):
        keys["escapechar"] = arguments["escapechar"] = "\\"
        arguments["doublequote"] = draw(st.booleans())
    # "\r\n" is in both values that the writer looks for; before Python 3.13 it quotes no others
    arguments["lineterminator"] = "\r\n"
    return ending, keys, {**arguments, "quoting": _QUOTING[quoting]}


def written(path: Path, rows: Sequence[Sequence[str]], **arguments: Any) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, **arguments).writerows(rows)
    return path


def read(path: Path, **keys: Any) -> list[list[str | None]]:
    file = RowFile(path, FileFormat(name="csv", **keys))
    return [list(row.values.values()) for row in file.rows()]


@given(dialect=_dialects(), rows=st.lists(st.tuples(_texts, _texts), min_size=1, max_size=4))
@settings(max_examples=400)
def test_every_dialect_of_the_csv_module_is_read_back_equal(
    dialect: tuple[str, dict[str, Any], dict[str, Any]],
    rows: list[tuple[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    ending, keys, arguments = dialect
    path = tmp_path_factory.getbasetemp() / f"dialect{ending}"
    written(path, [("text", "label"), *rows], **arguments)
    assert read(path, **keys) == [[value or None for value in row] for row in rows]


@given(rows=st.lists(st.tuples(_texts, _texts), min_size=1, max_size=4))
@settings(max_examples=200)
def test_what_excel_writes_needs_no_keys(
    rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    for ending, dialect in ((".csv", "excel"), (".tsv", "excel-tab")):
        path = tmp_path_factory.getbasetemp() / f"excel{ending}"
        written(path, [("text", "label"), *rows], dialect=dialect)
        assert read(path) == [[value or None for value in row] for row in rows]


@pytest.mark.parametrize(
    "texts",
    [
        ['"The plot thickens', "plain"],
        ['"quoted start', 'it ended." again'],
        ['a 5" screen', '"all of it"'],
        ['"all of it" and more', "plain"],
        ['he said "no" to it', '""'],
    ],
)
def test_quotes_of_tab_separated_texts_are_text(texts: list[str], tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    rows = [[text, str(number)] for number, text in enumerate(texts * 3)]
    path.write_text("text\tn\n" + "".join(f"{text}\t{n}\n" for text, n in rows), encoding="utf-8")
    file = RowFile(path, FileFormat(name="csv"))
    assert [list(row.values.values()) for row in file.rows()] == rows
    assert any("quotes are read as text" in remark.text for remark in file.remarks)
    sample = file.sample()
    assert sample is not None
    assert [list(row.values.values()) for row in sample.rows] == rows


def test_tab_separated_quotes_that_are_balanced_by_chance_are_remarked_on(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text('text\tn\n"quoted start\t1\nit ended."\t2\n')
    file = RowFile(path, FileFormat(name="csv"))
    assert [row.values["n"] for row in file.rows()] == ["2"]
    assert [remark.kind for remark in file.remarks] == ["quotes"]
    assert len(read(path, quoting="none")) == 2


def test_only_an_empty_value_is_missing(tmp_path: Path) -> None:
    values = ["None", "NA", "null", "nan", "N/A", "-", " ", ""]
    path = written(tmp_path / "rows.csv", [["text", "n"], *([one, "1"] for one in values)])
    assert [row[0] for row in read(path)] == [*values[:-1], None]


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        ('text,n\n"a,1\nb,2\nc",3\n', "the row at line 2 has a quoted value over several lines"),
        ('text,n\n"a" b,1\n', "the row at line 2 has text after a closing quote"),
        ('text,n\na,1\n"b" c,1\n"d" e,1', "2 rows, the first at line 3, have text after"),
        ("text,n\na\n", "the row at line 2 has fewer values than the header"),
        ("text,n,text\na,1,b\n", 'the header names "text" more than once'),
    ],
)
def test_remarks(content: str, remark: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(content)
    file = RowFile(path, FileFormat(name="csv"))
    assert list(file.rows())
    assert any(one.text.startswith(remark) for one in file.remarks)


@pytest.mark.parametrize(
    "content",
    ['text,n\n"one, ""two""",1\n"three\n\nfour",2\na 5" screen,3\n', "text,n\na,1\n\n,\n"],
)
def test_nothing_to_remark(content: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(content)
    file = RowFile(path, FileFormat(name="csv"))
    assert list(file.rows())
    assert file.remarks == []


@pytest.mark.parametrize("rest", ["", "b,2\n" * 5])
def test_a_quote_that_is_never_closed(rest: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f'text,n\na,1\n"b" x,"2\n{rest}')
    with pytest.raises(UnreadableError, match="the quote that opens on line 3 is never closed"):
        read(path)
    assert len(read(path, quoting="none")) == 2 + rest.count("\n")
