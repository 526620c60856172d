"""A folder without its manifest, or with other files than it lists, is damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ftspec.manifest import MANIFEST, add_file, find_damage, remove_files, write_manifest

Change = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a manifest."""
    folder = tmp_path / "model"
    (folder / "inner").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(bytes(range(256)) * 40)
    (folder / "inner" / "empty.txt").write_text("")
    write_manifest(folder)
    return folder


def test_whole_folder_has_no_damage(folder: Path) -> None:
    assert find_damage(folder) is None
    (folder / "README.md").write_text("a further file does not matter")
    assert find_damage(folder) is None
    write_manifest(folder)
    assert find_damage(folder) is None


def _flip(path: Path) -> None:
    path.write_bytes(b"\x01" + path.read_bytes()[1:])


@pytest.mark.parametrize(
    ("change", "damage"),
    [
        (lambda at: (at / "weights.bin").unlink(), '"weights.bin" is missing'),
        (
            lambda at: (at / "weights.bin").write_bytes(b"half"),
            '"weights.bin" has 4 bytes instead of 10,240',
        ),
        (lambda at: (at / "inner" / "empty.txt").unlink(), '"inner/empty.txt" is missing'),
        (
            lambda at: (at / MANIFEST).unlink(),
            'it has no "manifest.json", which is written last',
        ),
        (lambda at: (at / MANIFEST).write_text("{"), '"manifest.json" cannot be read'),
        (lambda at: (at / MANIFEST).write_text("[1]"), '"manifest.json" cannot be read'),
        (lambda at: (at / MANIFEST).write_text('{"files": {}}'), '"manifest.json" cannot be read'),
        (
            lambda at: (at / MANIFEST).write_text('{"files": {"a": 3}}'),
            '"manifest.json" cannot be read',
        ),
        (lambda at: (at / MANIFEST).write_bytes(b"\xff"), '"manifest.json" cannot be read'),
    ],
)
def test_damage_is_named(folder: Path, change: Change, damage: str) -> None:
    change(folder)
    assert find_damage(folder, with_hashes=False) == damage
    assert find_damage(folder) == damage


def test_other_content_of_the_same_size_needs_hashes(folder: Path) -> None:
    _flip(folder / "weights.bin")
    assert find_damage(folder, with_hashes=False) is None
    assert find_damage(folder) == '"weights.bin" has other content than when it was saved'


def test_added_file_belongs_to_the_manifest(folder: Path) -> None:
    before = (folder / MANIFEST).read_text()
    add_file(folder, "more.json", "{}")
    assert find_damage(folder) is None
    add_file(folder, "more.json", "[1]")
    assert find_damage(folder) is None
    (folder / "more.json").write_text("[2]")
    assert find_damage(folder) == '"more.json" has other content than when it was saved'
    remove_files(folder, ["more.json"])
    assert find_damage(folder) is None
    assert (folder / MANIFEST).read_text() == before
    remove_files(folder, ["more.json"])
