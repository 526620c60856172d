"""``ftspec cache``: what is cached, why, and how to remove it."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli import specs
from tests.cli.command import Done, assert_no_traceback, own_environment
from tests.cli.light import ftspec
from tests.cli.warm import Warm

ALL = ("train", "validation")


@pytest.fixture(scope="module")
def asked(warm: Warm, local: dict[str, str]) -> Callable[..., Done]:
    """Run a command that imports the engine, in a folder with a cache."""

    def ask(folder: Path, *arguments: str) -> Done:
        env = local | {"FTSPEC_CACHE": str(folder / "cache")}
        done = warm.ftspec(*arguments, cwd=folder, env=env)
        assert_no_traceback(done)
        return done

    return ask


@pytest.fixture(scope="module")
def filled(local: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec, and the cache that a dry run in another process filled.

    The order of sets differs between processes, and must not change the cache key.
    """
    folder = tmp_path_factory.mktemp("filled")
    specs.write_data(folder)
    (folder / "small.yaml").write_text(specs.CLASSIFIER, encoding="utf-8")
    env = local | {"FTSPEC_CACHE": str(folder / "cache")}
    done = ftspec("run", "small.yaml", "--dry-run", cwd=folder, env=env)
    assert done.code == 0, done.said
    assert "prepared before" not in done.err
    return folder


def cached(folder: Path, *arguments: str, stdin: str | None = None) -> Done:
    """Run a command that does not import the engine, in a folder with a cache."""
    env = own_environment(FTSPEC_CACHE=str(folder / "cache"))
    done = ftspec(*arguments, cwd=folder, env=env, stdin=stdin)
    assert_no_traceback(done)
    return done


@pytest.fixture
def copied(filled: Path, tmp_path: Path) -> Path:
    """A copy of the cache that a test may change, without the caches of other libraries."""
    shutil.copytree(filled / "cache", tmp_path / "cache")
    return tmp_path


def entries(folder: Path) -> list[dict[str, object]]:
    done = cached(folder, "cache", "ls", "--format", "json")
    listed: list[dict[str, object]] = json.loads(done.out)
    return listed


def test_ls_lists_each_split(filled: Path) -> None:
    done = cached(filled, "cache", "ls")
    header, *rows, total = done.out.splitlines()
    assert header.split() == ["id", "name", "split", "rows", "size", "last", "used"]
    listed = entries(filled)
    assert sorted(row.split()[2] for row in rows) == sorted(ALL)
    assert {row.split()[0] for row in rows} == {str(entry["id"])[:12] for entry in listed}
    assert total.startswith(f"{len(ALL)} entries, ")
    assert total.endswith(f" in {filled / 'cache' / 'prepared'}")
    for entry in listed:
        folder = Path(str(entry["path"]))
        assert entry["size"] == sum(path.stat().st_size for path in folder.iterdir())


def test_why_says_hit_or_what_changed(filled: Path, asked: Callable[..., Done]) -> None:
    done = asked(filled, "cache", "why", "small.yaml")
    assert [line.split()[:2] for line in done.out.splitlines()] == [[one, "hit"] for one in ALL]
    changed = asked(filled, "cache", "why", "small.yaml", "--set", "tokenizer.max_length=9")
    assert changed.code == 0
    assert [line.split()[1] for line in changed.out.splitlines()[::2]] == ["miss"] * len(ALL)
    assert set(changed.out.splitlines()[1::2]) == {"  tokenizer.max_length: 32 → 9"}
    own = 'data.evaluation={late: "train[32:40]"}'
    with_set = asked(filled, "cache", "why", "small.yaml", "--set", own)
    assert with_set.out.splitlines()[2].split()[:2] == ["late", "miss"], with_set.said
    # the command prepares nothing, and does not count as a use
    assert len(entries(filled)) == len(ALL)


def test_why_names_a_mistake_at_its_place(filled: Path, asked: Callable[..., Done]) -> None:
    done = asked(filled, "cache", "why", "small.yaml", "--set", "model.checkpoint=package:none/x")
    assert done.code == 1
    assert "error[missing-package]" in done.err


def test_rm_takes_ids(copied: Path) -> None:
    first, *others = entries(copied)
    done = cached(copied, "cache", "rm", str(first["id"])[:10], "--yes")
    assert done.out.startswith("removed 1 entries, ")
    assert entries(copied) == others
    assert not Path(str(first["path"])).exists()


def test_rm_asks(copied: Path) -> None:
    done = cached(copied, "cache", "rm", "--all", stdin="n\n")
    assert (done.code, done.out) == (0, "nothing was removed\n")
    assert len(entries(copied)) == len(ALL)
    cached(copied, "cache", "rm", "--all", stdin="y\n")
    assert entries(copied) == []


def test_rm_by_age(copied: Path) -> None:
    old, *others = entries(copied)
    before = time.time() - 40 * 86_400
    os.utime(Path(str(old["path"]), "entry.json"), (before, before))
    left = copied / "cache" / "prepared" / ".making-0123456789ab-dead"
    left.mkdir()
    os.utime(left, (before, before))
    assert "1 unfinished" in cached(copied, "cache", "ls").out
    done = cached(copied, "cache", "rm", "--unused-for", "30d", "--yes")
    assert done.out.startswith("removed 2 entries, ")
    assert [entry["id"] for entry in entries(copied)] == [entry["id"] for entry in others]
    assert not left.exists()
    assert cached(copied, "cache", "rm", "--unused-for", "30d").out == "nothing to remove\n"


def test_rm_leaves_everything_else(copied: Path) -> None:
    prepared = copied / "cache" / "prepared"
    (prepared / "mine").mkdir()
    (prepared / "mine" / "thesis.txt").write_text("everything")
    (copied / "cache" / "notes.txt").write_text("mine")
    at_work = prepared / ".making-0123456789ab-live"
    at_work.mkdir()
    cached(copied, "cache", "rm", "--all", "--yes")
    assert (prepared / "mine" / "thesis.txt").read_text() == "everything"
    assert (copied / "cache" / "notes.txt").exists()
    assert at_work.exists()
    assert entries(copied) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "pass one of: IDS, --all, --unused-for AGE"),
        (("--all", "--unused-for", "1d"), "pass one of: IDS, --all, --unused-for AGE"),
        (("--unused-for", "soon"), '"soon" is not an age; write for example 30d, 12h or 5m'),
        (("zz",), 'no entry begins with "zz"; list them with: ftspec cache ls'),
    ],
)
def test_rm_with_wrong_usage(arguments: tuple[str, ...], said: str, copied: Path) -> None:
    done = cached(copied, "cache", "rm", *arguments)
    assert done.code == 2
    assert said in done.err
    assert len(entries(copied)) == len(ALL)


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"FTSPEC_CACHE": "/a"}, "/a/prepared"),
        ({"FTSPEC_CACHE": "/a", "HF_DATASETS_CACHE": "/b"}, "/a/prepared"),
        ({"HF_DATASETS_CACHE": "/b", "HF_HOME": "/c"}, "/b/ftspec/prepared"),
        ({"HF_HOME": "/c", "XDG_CACHE_HOME": "/d"}, "/c/datasets/ftspec/prepared"),
        ({"XDG_CACHE_HOME": "/d"}, "/d/huggingface/datasets/ftspec/prepared"),
        ({"HOME": "/e"}, "/e/.cache/huggingface/datasets/ftspec/prepared"),
    ],
    ids=str,
)
def test_where_it_is(environment: dict[str, str], folder: str) -> None:
    done = ftspec("cache", "ls", env=own_environment(**environment))
    assert done.out == f"0 entries, 0 B in {folder}\n"
