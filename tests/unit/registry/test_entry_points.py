"""Our entry points are exactly those of the standard library, however packages are installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib import metadata
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from ftspec.registry.entry_points import entry_points

pytestmark = pytest.mark.place

GROUP = "ftspec"
Seen = list[tuple[str, str, str, str, str]]
AddFolder = Callable[[str], Path]


def seen(points: list[EntryPoint]) -> Seen:
    """What is known of entry points, in order."""
    found = []
    for point in points:
        assert point.dist is not None
        found.append((point.group, point.name, point.value, point.dist.name, point.dist.version))
    return found


def ours_and_theirs() -> Seen:
    """The entry points of the group, after checking that both ways give the same."""
    ours = seen(entry_points(GROUP))
    assert ours == seen(list(metadata.entry_points(group=GROUP)))
    return ours


@pytest.fixture
def add_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AddFolder:
    """Adds a folder to the end of ``sys.path``, which has no other."""
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [PathFinder])

    def add(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        sys.path.append(str(folder))
        return folder

    return add


def install(
    site: Path,
    name: str,
    version: str,
    points: str | None,
    *,
    info: str | None = None,
    metadata_file: str = "METADATA",
) -> None:
    """A metadata folder as an installer leaves it, with this ``entry_points.txt``."""
    folder = site / (info or f"{name}-{version}.dist-info")
    folder.mkdir()
    (folder / metadata_file).write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    )
    if points is not None:
        (folder / "entry_points.txt").write_text(points, encoding="utf-8")


@pytest.mark.parametrize(
    "group", sorted({point.group for one in metadata.distributions() for point in one.entry_points})
)
def test_every_group_of_this_environment_is_the_same(group: str) -> None:
    assert seen(entry_points(group)) == seen(list(metadata.entry_points(group=group)))


def test_folder_without_the_group_gives_nothing(add_folder: AddFolder) -> None:
    site = add_folder("site")
    install(site, "plain", "1.0", None)
    install(site, "other", "1.0", "[console_scripts]\nftspec = other:main\n")
    install(site, "near", "1.0", "[ftspec.more]\na = b\n[ ftspec ]\nc = d\n")
    assert ours_and_theirs() == []


def test_entry_points_carry_their_distribution(add_folder: AddFolder) -> None:
    text = "# a comment\n[console_scripts]\nx = y:z\n\n  [ftspec]\none = a.b\n two=c.d:e [extra]\n"
    install(add_folder("site"), "Shout_Loud", "1.2", text)
    assert ours_and_theirs() == [
        (GROUP, "one", "a.b", "Shout_Loud", "1.2"),
        (GROUP, "two", "c.d:e [extra]", "Shout_Loud", "1.2"),
    ]


def test_first_of_two_installations_wins(add_folder: AddFolder) -> None:
    user, system = add_folder("user"), add_folder("system")
    install(user, "foo_bar", "2.0", "[ftspec]\nnew = new\n")
    install(system, "foo-bar", "1.0", "[ftspec]\nold = old\n", info="Foo.Bar-1.0.dist-info")
    install(system, "baz", "1.0", "[ftspec]\nbaz = baz\n")
    assert [name for _, name, *_ in ours_and_theirs()] == ["new", "baz"]


def test_newer_installation_without_entry_points_hides_an_older_one(add_folder: AddFolder) -> None:
    user, system = add_folder("user"), add_folder("system")
    install(user, "foo", "2.0", None)
    install(system, "foo", "1.0", "[ftspec]\nold = old\n")
    assert ours_and_theirs() == []


def test_egg_info_counts(add_folder: AddFolder) -> None:
    site = add_folder("site")
    for name, info in (("develop", "develop.egg-info"), ("legacy", "legacy-1.0-py3.11.egg-info")):
        points = f"[ftspec]\n{name} = module\n"
        install(site, name, "1.0", points, info=info, metadata_file="PKG-INFO")
    (site / "single-1.0.egg-info").write_text("Name: single\nVersion: 1.0\n")
    assert sorted(name for _, name, *_ in ours_and_theirs()) == ["develop", "legacy"]


def test_folders_that_are_none_are_passed_over(add_folder: AddFolder) -> None:
    site = add_folder("site")
    sys.path += [str(site / "missing"), ""]
    install(site, "foo", "1.0", "[ftspec]\nfoo = foo\n")
    (site / "bad-1.0.dist-info" / "entry_points.txt").mkdir(parents=True)
    assert len(ours_and_theirs()) == 1


def test_zip_file_and_egg_are_left_to_the_standard_library(add_folder: AddFolder) -> None:
    site = add_folder("site")
    archive = site / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("zipped-1.0.dist-info/METADATA", "Name: zipped\nVersion: 1.0\n")
        bundle.writestr("zipped-1.0.dist-info/entry_points.txt", "[ftspec]\nzipped = z\n")
    sys.path.append(str(archive))
    egg = add_folder("hatched-3.0-py3.11.egg")
    points = "[ftspec]\nhatched = h\n"
    install(egg, "hatched", "3.0", points, info="EGG-INFO", metadata_file="PKG-INFO")
    assert sorted(name for _, name, *_ in ours_and_theirs()) == ["hatched", "zipped"]


def test_another_finder_of_distributions_is_asked(add_folder: AddFolder) -> None:
    hidden = add_folder("hidden")
    install(hidden, "foo", "1.0", "[ftspec]\nfoo = foo\n")
    sys.path.clear()

    class Finder:
        @staticmethod
        def find_spec(*_: object) -> None:
            return None

        @staticmethod
        def find_distributions(_: object) -> list[metadata.Distribution]:
            return [metadata.Distribution.at(path) for path in hidden.iterdir()]

    sys.meta_path.append(Finder)  # type: ignore[arg-type]
    assert [name for _, name, *_ in ours_and_theirs()] == ["foo"]


def test_standard_library_is_not_asked_where_there_is_nothing() -> None:
    program = (
        "import sys; from ftspec.registry.entry_points import entry_points; "
        "print(entry_points('no-such-group'), 'importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[] False\n"
