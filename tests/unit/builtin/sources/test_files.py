"""Files in each format: rows in order, patterns, splits, and errors at the key that causes them."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import datasets
import pytest

from ftspec.api import RunError, Source
from ftspec.builtin.sources.config import CsvConfig, JsonConfig, ParquetConfig, TextConfig
from ftspec.builtin.sources.files import file_source
from ftspec.spec.column_uses import ANY_USE, ColumnUses
from tests.unit.builtin.conftest import MakeContext
from tests.unit.tiny import BANGLA, TOPICS, WORDNET, rows_of

pytestmark = pytest.mark.place

_CONFIGS = {"json": JsonConfig, "csv": CsvConfig, "parquet": ParquetConfig, "text": TextConfig}


@pytest.fixture
def source(context: MakeContext) -> Any:
    """A source of a format with the keys given; paths as strings."""

    def make(format_name: str, files: Any, uses: ColumnUses = ANY_USE, **keys: Any) -> Source:
        files = str(files) if isinstance(files, Path) else files
        config = _CONFIGS[format_name].model_validate({"files": files, **keys})
        return file_source(config, context("data", "source", columns=uses))

    return make


def all_rows(source: Source, split: str = "train") -> list[Any]:
    return list(source.load(split))


# Formats


def test_json_lines(source: Any) -> None:
    path = WORDNET / "test.jsonl"
    assert all_rows(source("json", path)) == rows_of(path)


def test_json_lines_of_other_scripts(source: Any) -> None:
    assert all_rows(source("json", BANGLA)) == rows_of(BANGLA)


def test_json_array(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([{"x": 1, "y": {"en": "a"}}, {"x": None, "y": {"en": "b"}}]))
    assert all_rows(source("json", path)) == [
        {"x": 1, "y": {"en": "a"}},
        {"x": None, "y": {"en": "b"}},
    ]


def test_json_field(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps({"version": 2, "data": [{"x": 1}, {"x": 2}]}))
    assert all_rows(source("json", path, field="data")) == [{"x": 1}, {"x": 2}]


def test_json_compressed(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"x": 1}\n{"x": 2}\n'))
    assert all_rows(source("json", path)) == [{"x": 1}, {"x": 2}]


def test_csv(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('text,stars\n"a, b",1\n"line\nbreak",\n')
    assert all_rows(source("csv", path)) == [
        {"text": "a, b", "stars": 1},
        {"text": "line\nbreak", "stars": None},
    ]


def test_csv_with_another_delimiter(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text("text\tstars\na, b\t1\n")
    assert all_rows(source("csv", path, delimiter="\t")) == [{"text": "a, b", "stars": 1}]


def test_csv_without_a_header(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,1\nb,2\n")
    rows = all_rows(source("csv", path, column_names=["text", "stars"]))
    assert rows == [{"text": "a", "stars": 1}, {"text": "b", "stars": 2}]


def test_csv_in_another_encoding(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("text\ndéjà vu\n".encode("latin-1"))
    assert all_rows(source("csv", path, encoding="latin-1")) == [{"text": "déjà vu"}]
    with pytest.raises(RunError) as caught:
        source("csv", path).load("train")
    assert caught.value.headline.endswith("as csv: line 2 is not UTF-8 text")
    assert caught.value.helps == ('set the encoding, for example "encoding: latin-1"',)


def test_csv_with_a_row_that_is_too_long(source: Any, tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a;b\n1;2\n")
    (tmp_path / "2.csv").write_text('a;b\n1;2\n"x\ny";4\n5;6;7\n')
    with pytest.raises(RunError) as caught:
        source("csv", tmp_path / "*.csv", delimiter=";").load("train")
    path = tmp_path / "2.csv"
    assert caught.value.headline == (
        f'cannot read "{path}" as csv: line 5 has 3 values, and the header 2'
    )


def test_parquet_keeps_label_names(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])}
    )
    rows = {"text": ["a", "b"], "label": [1, 0]}
    datasets.Dataset.from_dict(rows, features=features).to_parquet(path)
    loaded = source("parquet", path).load("train")
    assert loaded.features == features
    assert loaded[:] == rows
    assert source("parquet", path, columns=["text"]).load("train").column_names == ["text"]


@pytest.mark.parametrize(
    ("sample_by", "count", "first"),
    [
        ("line", 7, "one"),
        ("paragraph", 3, "one\ntwo"),
        ("document", 2, "one\ntwo\n\nthree\n"),
    ],
)
def test_text(source: Any, tmp_path: Path, sample_by: str, count: int, first: str) -> None:
    (tmp_path / "1.txt").write_text("one\ntwo\n\nthree\n")
    (tmp_path / "2.txt").write_text("চার\nfive\nsix\n")
    rows = all_rows(source("text", tmp_path / "*.txt", sample_by=sample_by))
    assert len(rows) == count
    assert rows[0] == {"text": first}


def test_text_documents_are_whole_files(source: Any) -> None:
    rows = all_rows(source("text", TOPICS / "*.txt", sample_by="document"))
    files = sorted(TOPICS.glob("*.txt"))
    assert [row["text"] for row in rows] == [file.read_text("utf-8") for file in files]


def test_text_in_another_encoding(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.txt"
    path.write_bytes("café\n".encode("latin-1"))
    assert all_rows(source("text", path, encoding="latin-1")) == [{"text": "café"}]


# Types of columns

TYPED = ColumnUses((("label", "value"), ("text", "text"), ("n", "text")))


@pytest.mark.parametrize(
    ("written", "values"),
    [
        (["1", "0", ""], [1, 0, None]),
        (["1", "0.5", "-2e3"], [1.0, 0.5, -2000.0]),
        (["true", "False", ""], [True, False, None]),
        # what would lose something stays text
        (["01", "02", "10"], ["01", "02", "10"]),
        (["1", "None", "NA"], ["1", "None", "NA"]),
        (["nan", "1.5", "null"], ["nan", "1.5", "null"]),
        (["9" * 30, "1", "2"], ["9" * 30, "1", "2"]),
    ],
)
def test_csv_has_one_type_in_a_column(
    source: Any, tmp_path: Path, written: list[str], values: list[Any]
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("label,text\n" + "".join(f"{one},{one}\n" for one in written))
    rows = all_rows(source("csv", path, TYPED))
    assert [row["label"] for row in rows] == values
    assert [type(row["label"]) for row in rows] == [*map(type, values)]
    assert [row["text"] for row in rows] == [one or None for one in written]


def test_numbers_that_are_text_are_said(source: Any, tmp_path: Path, notes: list[str]) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("label,text\n1,007\n2,008\n")
    assert source("csv", path, TYPED).load("train")["text"][:] == ["007", "008"]
    assert notes == []
    path.write_text("label,text\n1,7.50\n2,8\n")
    assert source("csv", path, TYPED).load("train")["text"][:] == ["7.50", "8"]
    assert notes == ['"text" has only numbers, and is read as text, as the template uses it']


def test_csv_whose_type_changes_far_down(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("label,text,other\n" + "1,1,1\n" * 30_000 + "x,x,x\n")
    with pytest.raises(RunError) as caught:
        source("csv", path, TYPED).load("train")
    assert 'the column "label" has whole numbers up to line 30,002' in caught.value.headline
    assert "text_columns: [label]" in caught.value.helps[0]
    rows = source("csv", path, TYPED, text_columns=["label"]).load("train")
    assert rows[-1] == {"label": "x", "text": "x", "other": None}
    uses = ColumnUses((("text", "text"),))
    assert source("csv", path, uses).load("train")["text"][-2:] == ["1", "x"]


def test_json_of_a_column_that_nothing_uses(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "other": 1}\n{"text": "b", "other": ["\\ud83d"]}\n')
    assert source("json", path, TYPED).load("train")["text"][:] == ["a", "b"]


def test_json_texts_stay_texts(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"text": "2024-01-01T10:00:00Z", "n": 1}, {"text": "2024-01-02", "n": 2.5}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert all_rows(source("json", path)) == rows


def test_json_objects_keep_their_own_keys(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows: list[Any] = [{"x": [{"a": 1}]}, {"x": [{"b": ["c", 1]}]}, {"x": []}, {"x": None}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert all_rows(source("json", path)) == rows


def test_no_byte_order_mark(source: Any, tmp_path: Path) -> None:
    for name, content in (
        ("text", "hé\nb\n"),
        ("csv", "text,n\nhé,1\n"),
        ("json", '{"text": "hé"}\n'),
    ):
        for encoding in ("utf-8-sig", "utf-16"):
            path = tmp_path / "rows.data"
            path.write_text(content, encoding=encoding)
            keys = {"encoding": encoding} if encoding == "utf-16" else {}
            assert all_rows(source(name, path, **keys))[0]["text"] == "hé"


def test_notes_on_odd_rows(source: Any, tmp_path: Path, notes: list[str]) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('text,label\n"a,1\nb",2\n"c" d,3\ne\n')
    assert [row["text"] for row in all_rows(source("csv", path))] == ["a,1\nb", "c d", "e"]
    said = "\n".join(notes)
    assert "the row at line 2 has a quoted value over several lines" in said
    assert "the row at line 4 has text after a closing quote" in said
    assert "the row at line 5 has fewer values than the header" in said


def test_a_column_that_is_there_twice(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label,label\na,1,2\n")
    with pytest.raises(RunError) as caught:
        source("csv", path, TYPED).load("train")
    assert caught.value.slug == "duplicate-column"
    assert all_rows(source("csv", path, ColumnUses((("text", "text"),))))[0]["text"] == "a"


# Files and splits


def test_all_rows_are_one_split_by_default(source: Any) -> None:
    assert source("json", BANGLA).split_names() == ["train"]


def test_files_per_split(source: Any) -> None:
    files = {
        "train": [str(WORDNET / "validation.jsonl"), str(WORDNET / "test.jsonl")],
        "test": str(WORDNET / "test.jsonl"),
    }
    split = source("json", files)
    assert split.split_names() == ["train", "test"]
    validation, test = (rows_of(WORDNET / f"{name}.jsonl") for name in ("validation", "test"))
    assert all_rows(split, "train") == validation + test
    assert all_rows(split, "test") == test


def test_patterns_match_files_in_order_of_name_and_below_folders(
    source: Any, tmp_path: Path
) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for number, name in enumerate(["deep/er/b", "a", "deep/c"]):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"x": number}))
    (tmp_path / "folder.jsonl").mkdir()
    assert all_rows(source("json", tmp_path / "**" / "*.jsonl")) == [{"x": 1}, {"x": 2}, {"x": 0}]


@pytest.mark.parametrize("name", ["a[1].jsonl", "b?.jsonl", "c*.jsonl", "d {e} é.jsonl"])
def test_a_file_name_is_no_pattern(source: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"x": "right"}\n')
    for other in ("a1.jsonl", "bb.jsonl", "cc.jsonl", "d e é.jsonl"):
        (tmp_path / other).write_text('{"x": "wrong"}\n')
    assert all_rows(source("json", tmp_path / name)) == [{"x": "right"}]


def test_a_changed_file_is_read_again(source: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"x": 1}\n')
    assert all_rows(source("json", path)) == [{"x": 1}]
    path.write_text('{"x": 22}\n')
    assert all_rows(source("json", path)) == [{"x": 22}]


def test_identity_is_the_hash_of_every_file_once(source: Any, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"x": name}))
    files = {"train": str(tmp_path / "*.jsonl"), "test": str(tmp_path / "b.jsonl")}
    assert source("json", files).identity() == {
        "files": {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (tmp_path / "a.jsonl", tmp_path / "b.jsonl")
        }
    }


# Errors


@pytest.mark.parametrize(
    ("format_name", "content", "keys", "reason"),
    [
        ("json", b'{"x": 1}\n{"x":', {}, "line 2 is not JSON: expecting value"),
        ("json", b'{"data": [{"x": 1}]}', {"field": "rows"}, 'it has no key "rows"'),
        ("json", b"", {}, "there are no rows"),
        ("json", b"[]", {}, "there are no rows"),
        ("json", b"\n\n", {}, "there are no rows"),
        ("json", b'{"x": "a"}\n{"x": 1}', {}, 'column "x" has a whole number at line 2, and text'),
        ("json", b'{"x": "a\\ud83d"}', {}, "line 1 has half of a character (a lone surrogate)"),
        ("json", b'{"x": ["\\ud83d"]}', {}, "line 1 has half of a character (a lone surrogate)"),
        ("json", b'[{"x": 1}, 7]', {}, "item 2 must be an object with the columns of the spec"),
        ("json", b'{"x": 1}\n{"x": 99999999999999999999}', {}, "line 2 has a number that is too"),
        ("csv", b"", {}, "it has no header line"),
        ("csv", b"a,b\n", {}, "there are no rows"),
        ("csv", b"a,b\n1,2\n3,4,5\n", {}, "line 3 has 3 values, and the header 2"),
        ("csv", b'a,b\n"1,2\n3,4\n', {}, "the quote that opens on line 2 is never closed"),
        ("parquet", b"PAR1 and no more", {}, "not a parquet file"),
        ("text", b"", {}, "there are no rows"),
        ("text", "café".encode("latin-1"), {}, "line 1 is not UTF-8 text"),
    ],
)
def test_unreadable_files(
    source: Any, tmp_path: Path, format_name: str, content: bytes, keys: Any, reason: str
) -> None:
    path = tmp_path / "rows.data"
    path.write_bytes(content)
    with pytest.raises(RunError) as caught:
        source(format_name, path, **keys).load("train")
    assert caught.value.slug == "unreadable-data"
    assert caught.value.at == ("data", "source", "files")
    start = f'cannot read "{path}" as {format_name}: '
    assert caught.value.headline.startswith(start)
    assert reason in caught.value.headline


def test_unlike_files_name_both_headers(source: Any, tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("text,stars\na,1\n")
    (tmp_path / "2.csv").write_text("text,points\na,1\n")
    with pytest.raises(RunError) as caught:
        source("csv", tmp_path / "*.csv").load("train")
    assert '"text", "stars"' in caught.value.headline
    assert '"text", "points"' in caught.value.headline


def test_no_file_matches(source: Any, tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        source("json", {"train": [str(tmp_path / "*.jsonl")]}).load("train")
    assert caught.value.slug == "missing-file"
    assert caught.value.headline == f'no file matches "{tmp_path}/*.jsonl"'
    assert caught.value.at == ("data", "source", "files")


def test_a_large_file_is_read_twice(
    source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftspec.builtin.sources.row_table._KEPT", 10)
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "a,1\n" * 2_500 + "b,0.5\n")
    rows = source("csv", path, TYPED).load("train")
    assert len(rows) == 2_501
    assert rows[-1] == {"text": "b", "label": 0.5}
