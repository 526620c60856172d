"""The run directory: never used twice, with atomically written files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import ftspec
from ftspec.errors import RunError
from ftspec.files import write_atomically
from ftspec.manifest import write_manifest
from ftspec.rundir import RunDirectory, Status, create_run_directory, runs_in, status_of

pytestmark = pytest.mark.place

DIGEST = "0123456789abcdef" * 4


# Making one


def test_name_is_the_time_in_utc_and_the_beginning_of_the_digest(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    run = create_run_directory(tmp_path / "runs" / "x", DIGEST)
    stamp, _, digest = run.path.name.partition("-")
    assert digest == "01234567"
    assert run.path.parent == tmp_path / "runs" / "x"
    assert before <= datetime.strptime(stamp, "%Y%m%dT%H%M%S%z") <= datetime.now(UTC)


def test_folder_that_exists_is_never_taken(tmp_path: Path) -> None:
    runs = [create_run_directory(tmp_path, DIGEST) for _ in range(5)]
    assert len({run.path for run in runs}) == 5
    assert all(run.path.is_dir() and not list(run.path.iterdir()) for run in runs)


def test_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    first = create_run_directory(tmp_path, DIGEST)
    first.path.rmdir()
    first.path.write_text("mine")
    second = create_run_directory(tmp_path, DIGEST)
    assert second.path != first.path
    assert first.path.read_text() == "mine"


def test_parent_that_cannot_be_made_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        create_run_directory(tmp_path / "file" / "x", DIGEST)


# Writing


def test_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_atomically(path, "first, and longer\n")
    write_atomically(path, "sécond\n")
    assert path.read_bytes() == "sécond\n".encode()
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.txt"]


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \ud800")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.txt"]


def test_write_over_a_folder_fails_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "x.txt").mkdir()
    with pytest.raises(OSError, match=re.escape("x.txt")):
        write_atomically(tmp_path / "x.txt", "new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.txt"]


def test_reader_with_the_old_file_open_keeps_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_atomically(path, "old")
    with path.open() as reader:
        write_atomically(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_file_may_be_read_by_whom_any_new_file_may(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_atomically(tmp_path / "atomic", "")
    modes = {(tmp_path / name).stat().st_mode for name in ("plain", "atomic")}
    assert len(modes) == 1


def test_json_reads_back_and_stays_readable(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.write_json("x.json", {"a": "日本", "path": Path("/x")})
    assert run.read_json("x.json") == {"a": "日本", "path": "/x"}
    assert "日本" in (tmp_path / "x.json").read_text(encoding="utf-8")


def test_metrics_are_appended_line_by_line(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.append_metrics({"step": 1, "loss": 0.5})
    run.append_metrics({"step": 2})
    assert (tmp_path / "metrics.jsonl").read_text() == '{"step": 1, "loss": 0.5}\n{"step": 2}\n'


# Status


def test_status_before_the_first_is_empty(tmp_path: Path) -> None:
    assert RunDirectory(tmp_path).status() == {}


def test_status_keeps_the_time_of_every_step(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.set_status("created")
    created = run.status()["times"]["created"]
    run.set_status("training", step=3)
    run.set_status("failed", error="x")
    status = run.status()
    assert status["status"] == "failed"
    assert status["error"] == "x"
    assert "step" not in status
    assert list(status["times"]) == ["created", "training", "failed"]
    assert status["times"]["created"] == created
    assert datetime.fromisoformat(created).utcoffset() == datetime.now(UTC).utcoffset()


@pytest.mark.parametrize("status", ["created", "preparing", "training"])
def test_run_is_running_while_its_process_lives(status: Status, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from ftspec.ownership import take\n"
        "from ftspec.rundir import RunDirectory\n"
        "lock = take(Path(sys.argv[1]))\n"
        "RunDirectory(Path(sys.argv[1])).set_status(sys.argv[2])\n"
        "print('set', flush=True)\n"
        "sys.stdin.read()\n"
    )
    run = RunDirectory(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), status],
        cwd=Path(ftspec.__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"set\n"
        assert run.is_running()
    assert not run.is_running()


@pytest.mark.parametrize("status", ["finished", "failed", "interrupted", "training"])
def test_run_that_is_over_or_our_own_is_not_running(status: Status, tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    assert not run.is_running()
    run.set_status(status)
    assert not run.is_running()


@pytest.mark.parametrize("written", ["", "{", "[]", "3", '"training"', '{"pid": "x", "times": 4}'])
def test_damaged_status_is_no_status(written: str, tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    (tmp_path / "status.json").write_text(written)
    assert not run.is_running()
    assert status_of(run) == "unreadable"
    run.set_status("failed")
    assert status_of(run) == "failed"


# Finding


def checkpoint(run: RunDirectory, name: str, *, whole: bool = True) -> Path:
    path = run.checkpoints / name
    path.mkdir(parents=True)
    (path / "trainer_state.json").write_text("{}")
    if whole:
        write_manifest(path)
    return path


def test_latest_checkpoint_is_the_one_with_the_most_steps(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    assert run.latest_checkpoint() is None
    checkpoint(run, "checkpoint-9")
    latest = checkpoint(run, "checkpoint-100")
    checkpoint(run, "checkpoint-20")
    assert run.latest_checkpoint() == latest


@pytest.mark.parametrize(
    "name", ["checkpoint-", "checkpoint-x", "checkpoint-9x", "checkpoint-\u00b2", "checkpoint--9"]
)
def test_folder_that_is_no_checkpoint_is_passed_over(name: str, tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    whole = checkpoint(run, "checkpoint-3")
    checkpoint(run, name)
    assert run.latest_checkpoint() == whole


def test_checkpoint_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    whole = checkpoint(run, "checkpoint-3")
    checkpoint(run, "checkpoint-6", whole=False)
    assert run.latest_checkpoint() == whole


def test_runs_are_listed_oldest_first_and_only_where_there_is_a_status(tmp_path: Path) -> None:
    names = ["20250102T000000Z-b", "20250101T000000Z-a", "20240101T000000Z-c"]
    for name in names:
        (tmp_path / name).mkdir()
        RunDirectory(tmp_path / name).set_status("created")
    (tmp_path / "20230101T000000Z-d").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert [run.path.name for run in runs_in(tmp_path)] == sorted(names)
    assert runs_in(tmp_path / "nothing") == []


def test_places_are_inside_the_folder_and_apart(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    places = [run.checkpoints, run.model, run.tensorboard, run.log, run.resolved_spec]
    assert len(set(places)) == 5
    assert all(os.path.commonpath([place, tmp_path]) == str(tmp_path) for place in places)


# Damage


@pytest.mark.parametrize("content", [None, b"", b"7", b"[1]", b"{", b"\xff\xfe", b"\0\0"])
def test_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "lock.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match=f'cannot read "{path}"') as caught:
        RunDirectory(tmp_path).read_json("lock.json")
    assert caught.value.slug == "damaged-run"


@pytest.mark.parametrize("damage", ['{"step": 1, "loss": 0.', '{"step": 1, "lossy": 0.5}\n', ""])
def test_damaged_metrics_are_restored(tmp_path: Path, damage: str) -> None:
    run, records = RunDirectory(tmp_path), [{"step": 1, "loss": 0.5}, {"step": 2}]
    for record in records:
        run.append_metrics(record)
    whole = (tmp_path / "metrics.jsonl").read_text()
    assert not run.restore_metrics(records)
    (tmp_path / "metrics.jsonl").write_text(damage)
    assert run.restore_metrics(records)
    assert (tmp_path / "metrics.jsonl").read_text() == whole


def test_folder_in_the_place_of_metrics_is_kept(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    (tmp_path / "metrics.jsonl").mkdir()
    assert run.count_metrics() == 0
    assert run.restore_metrics([{"step": 1}])
    assert (tmp_path / "damaged-metrics.jsonl").is_dir()
