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
from ftspec.builtin.sources.files import csv_source, json_source, parquet_source, text_source
from tests.unit.builtin.conftest import MakeContext
from tests.unit.tiny import BANGLA, TOPICS, WORDNET, rows_of

pytestmark = pytest.mark.place

_FACTORIES = {
    "json": (JsonConfig, json_source),
    "csv": (CsvConfig, csv_source),
    "parquet": (ParquetConfig, parquet_source),
    "text": (TextConfig, text_source),
}


@pytest.fixture
def source(context: MakeContext) -> Any:
    """A source of a format with the keys given; paths as strings."""

    def make(format_name: str, files: Any, **keys: Any) -> Source:
        config_class, factory = _FACTORIES[format_name]
        files = str(files) if isinstance(files, Path) else files
        config = config_class.model_validate({"files": files, **keys})
        made: Source = factory(config, context("data", "source"))  # type: ignore[operator]
        return made

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
    assert caught.value.headline.endswith("as csv: they are not utf-8 text")
    assert caught.value.helps == ('set the encoding, for example "encoding: latin-1"',)


def test_csv_with_a_row_that_is_too_long(source: Any, tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a;b\n1;2\n")
    (tmp_path / "2.csv").write_text('a;b\n1;2\n"x\ny";4\n5;6;7\n')
    with pytest.raises(RunError) as caught:
        source("csv", tmp_path / "*.csv", delimiter=";").load("train")
    assert "a row has more values than there are columns" in caught.value.headline
    path = tmp_path / "2.csv"
    assert caught.value.helps == (f'line 5 of "{path}" has 3 values, and there are 2 columns',)


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
        ("json", b'{"x": 1}\n{"x":', {}, "JSON parse error"),
        ("json", b'{"data": [{"x": 1}]}', {"field": "rows"}, 'there is no key "rows"'),
        ("json", b"", {}, "they have no rows"),
        ("json", b"[]", {}, "they have no rows"),
        ("json", b"\n\n", {}, "they have no rows"),
        ("csv", b"", {}, "they have no header line"),
        ("csv", b"a,b\n1,2\n3,4,5\n", {}, "a row has more values than there are columns"),
        ("parquet", b"PAR1 and no more", {}, "not a parquet file"),
        ("text", "café".encode("latin-1"), {}, "they are not utf-8 text"),
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
    start = f"cannot read the files of the train split as {format_name}: "
    assert caught.value.headline.startswith(start)
    assert reason in caught.value.headline


def test_unlike_files_name_both_schemas(source: Any, tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("text,stars\na,1\n")
    (tmp_path / "2.csv").write_text("text,points\na,1\n")
    with pytest.raises(RunError) as caught:
        source("csv", tmp_path / "*.csv").load("train")
    assert "stars: int64" in caught.value.headline
    assert "points: int64" in caught.value.headline
    assert "\n" not in caught.value.headline


def test_no_file_matches(source: Any, tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        source("json", {"train": [str(tmp_path / "*.jsonl")]}).load("train")
    assert caught.value.slug == "missing-file"
    assert caught.value.headline == f'no file matches "{tmp_path}/*.jsonl"'
    assert caught.value.at == ("data", "source", "files")
