"""Folders written by ``save_to_disk``."""

from __future__ import annotations

import hashlib
from pathlib import Path

import datasets
import pytest

from ftspec.api import RunError
from ftspec.builtin.sources.config import DiskConfig
from ftspec.builtin.sources.disk import DiskSource
from tests.unit.builtin.conftest import MakeContext
from tests.unit.tiny import WORDNET, rows_of


@pytest.fixture
def rows() -> datasets.Dataset:
    return datasets.Dataset.from_list(rows_of(WORDNET / "test.jsonl")).class_encode_column("label")


def open_disk(path: Path, context: MakeContext) -> DiskSource:
    return DiskSource(DiskConfig(path=str(path)), context("data", "source"))


def test_a_data_set_is_one_split(
    rows: datasets.Dataset, tmp_path: Path, context: MakeContext
) -> None:
    rows.save_to_disk(tmp_path / "rows")
    source = open_disk(tmp_path / "rows", context)
    assert source.split_names() == ["train"]
    assert source.load("train")[:] == rows[:]
    assert source.load("train").features == rows.features


def test_a_dictionary_of_data_sets_has_its_splits(
    rows: datasets.Dataset, tmp_path: Path, context: MakeContext
) -> None:
    parts = rows.train_test_split(0.25, seed=1)
    parts.save_to_disk(tmp_path / "rows")
    source = open_disk(tmp_path / "rows", context)
    assert source.split_names() == ["train", "test"]
    assert source.load("test")[:] == parts["test"][:]


def test_identity_is_that_of_what_was_saved(
    rows: datasets.Dataset, tmp_path: Path, context: MakeContext
) -> None:
    rows.save_to_disk(tmp_path / "rows", num_shards=2)
    source = open_disk(tmp_path / "rows", context)
    files = sorted(path for path in (tmp_path / "rows").iterdir())
    identity = {
        "files": {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    }
    assert [file.name for file in files if file.suffix == ".json"] == [
        "dataset_info.json",
        "state.json",
    ]
    assert len(files) == 4
    assert source.identity() == identity
    # datasets writes its cache into the same folder, and a resumed run must find the same identity
    source.load("train").map(lambda row: {"text": row["text"].upper()})
    assert len(list((tmp_path / "rows").glob("*.arrow"))) > 2
    assert source.identity() == identity
    assert open_disk(tmp_path / "rows", context).identity() == identity


@pytest.mark.parametrize("is_there", [True, False])
def test_another_folder(is_there: bool, tmp_path: Path, context: MakeContext) -> None:
    path = tmp_path if is_there else tmp_path / "nowhere"
    with pytest.raises(RunError) as caught:
        open_disk(path, context)
    assert caught.value.slug == "unreadable-data"
    assert caught.value.at == ("data", "source", "path")
    assert f'"{path}" is not a folder written by save_to_disk' in caught.value.headline
