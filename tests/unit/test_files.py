"""Patterns: the matches of ``glob``, with a limit. Permissions: those of the folder."""

from __future__ import annotations

import glob
import stat
from pathlib import Path

import pytest

from ftspec import files
from ftspec.files import FileSearch, TooManyFilesError, open_as_their_folder

pytestmark = pytest.mark.place


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a/x.json", "a/b/y.json", "a/.h/z.json", "a/.q.json", "a[1]/k.json", "x.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    return tmp_path


@pytest.mark.parametrize(
    "pattern",
    [
        *("*", "**/*.json", "*/x.*", "a/.*", "**/.q.json", "a[[]1]/*", "**/**/x.json", "x.json"),
        *(
            "nope",
            "nope/*",
            "gone",
            "*/b",
            ".*",
            "a/.h/*",
            "**/b",
            "[ax]*",
            "a/../*.json",
            "**/b/*",
        ),
    ],
)
def test_pattern_finds_what_glob_finds(pattern: str, tree: Path) -> None:
    expected = glob.glob(str(tree / pattern), recursive=True)
    assert sorted(FileSearch().find(str(tree / pattern))) == sorted(set(expected))


def test_stars_alone_find_files_in_every_folder(tree: Path) -> None:
    found = {Path(path).name for path in FileSearch().find(str(tree / "**"))}
    assert {"x.json", "y.json", "k.json"} <= found


def test_search_ends_for_all_patterns_together(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_LISTED", 10)
    search = FileSearch()
    assert list(search.find(str(tree / "*.txt"))) == []
    with pytest.raises(TooManyFilesError):
        list(search.find(str(tree / "**/*.txt")))
    with pytest.raises(TooManyFilesError):
        list(search.find(str(tree / "*")))
    assert list(search.find(str(tree / "x.json"))) == [str(tree / "x.json")]


@pytest.mark.parametrize(
    ("of_folder", "expected"), [(0o755, 0o644), (0o775, 0o664), (0o700, 0o600)]
)
def test_files_are_as_open_as_their_folder(tmp_path: Path, of_folder: int, expected: int) -> None:
    folder = tmp_path / "model"
    (folder / "below").mkdir(parents=True)
    weights, script = folder / "below" / "model.safetensors", folder / "run.sh"
    for path, mode in ((weights, 0o600), (script, 0o755)):
        path.touch()
        path.chmod(mode)
    folder.chmod(of_folder)
    open_as_their_folder(folder)
    assert stat.S_IMODE(weights.stat().st_mode) == expected
    assert stat.S_IMODE(script.stat().st_mode) == 0o755 | expected
