"""Which files a command line means."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.cli.inputs.spec_files import find_specs
from ftspec.document.load import LARGEST

pytestmark = pytest.mark.place


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec, a file to extend and YAML of another kind."""
    (tmp_path / "spec.yaml").write_text("# head\nftspec: 1\n")
    (tmp_path / "base.yaml").write_text("training: {}\n")
    (tmp_path / "other.yml").write_text("services: {}\n# ftspec: 1\nx: {ftspec: 1}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folder_stands_for_the_specs_in_it(folder: Path) -> None:
    assert find_specs(["."]) == ["spec.yaml"]
    assert find_specs([str(folder)]) == [str(folder / "spec.yaml")]


def test_file_that_is_named_is_a_spec(folder: Path) -> None:
    assert find_specs(["other.yml", "-", "spec.yaml"]) == ["other.yml", "-", "spec.yaml"]


def test_only_marked_passes_over_files_that_are_no_specs(folder: Path) -> None:
    named = ["base.yaml", "other.yml", "spec.yaml", "-", "missing.yaml"]
    # missing files are kept, to be reported
    assert find_specs(named, only_marked=True) == ["spec.yaml", "-", "missing.yaml"]
    assert find_specs(["*.y*ml"], only_marked=True) == ["spec.yaml"]


def test_marker_is_looked_for_as_far_as_a_spec_may_reach(folder: Path) -> None:
    (folder / "spec.yaml").write_text("#" * LARGEST + "\nftspec: 1\n")
    assert find_specs(["spec.yaml"], only_marked=True) == []
