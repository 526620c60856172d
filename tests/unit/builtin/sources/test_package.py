"""Files inside installed packages, such as those of scikit-learn."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from ftspec.api import RunError
from ftspec.builtin.sources.config import PackageConfig
from ftspec.builtin.sources.files import FileSource
from ftspec.builtin.sources.package import package_source
from tests.unit.builtin.conftest import MakeContext

pytestmark = pytest.mark.place


def package(context: MakeContext, **keys: Any) -> FileSource:
    return package_source(PackageConfig.model_validate(keys), context("data", "source"))


@pytest.fixture(scope="module")
def sklearn() -> Path:
    found = importlib.util.find_spec("sklearn")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def test_text(context: MakeContext, sklearn: Path) -> None:
    source = package(
        context,
        package="sklearn",
        files="datasets/descr/*.rst",
        format="text",
        sample_by="document",
    )
    files = sorted((sklearn / "datasets" / "descr").glob("*.rst"))
    assert len(files) > 5
    assert source.load("train")["text"][:] == [file.read_text("utf-8") for file in files]
    assert list(source.identity()["files"]) == [str(file) for file in files]


def test_csv_for_each_split(context: MakeContext) -> None:
    source = package(
        context,
        package="sklearn",
        files={"train": "datasets/data/iris.csv", "test": ["datasets/data/digits.csv.gz"]},
        format="csv",
    )
    assert source.split_names() == ["train", "test"]
    assert len(source.load("train")) == 150
    assert len(source.load("test")) == 1796


def test_a_package_is_found_without_importing_it(
    context: MakeContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "package_of_rows"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError")
    (folder / "rows.jsonl").write_text('{"x": 1}\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    source = package(context, package="package_of_rows", files="rows.jsonl", format="json")
    assert list(source.load("train")) == [{"x": 1}]
    assert "package_of_rows" not in sys.modules


@pytest.mark.parametrize("name", ["no_such_package", "no_such_package.inside", "", "json.tool"])
def test_a_package_that_is_not_there(context: MakeContext, name: str) -> None:
    with pytest.raises(RunError) as caught:
        package(context, package=name, files="*", format="text")
    assert caught.value.slug == "missing-package"
    assert caught.value.at == ("data", "source", "package")
    assert caught.value.headline == f'the Python package "{name}" is not installed'


def test_a_file_that_is_not_there(context: MakeContext, sklearn: Path) -> None:
    source = package(context, package="sklearn", files="datasets/*.zzz", format="text")
    with pytest.raises(RunError) as caught:
        source.load("train")
    assert caught.value.slug == "missing-file"
    assert caught.value.headline == f'no file matches "{sklearn}/datasets/*.zzz"'
    assert caught.value.at == ("data", "source", "files")
