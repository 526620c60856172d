"""One owner for a run, with real processes. Another machine is a process that reads another boot
id, and whose lock this one does not see: its file is removed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import ftspec
from ftspec.lease import read_lease
from ftspec.owner import this_process
from ftspec.ownership import TakenError, is_owned, owner_of, take

OWNING = """
import sys
from pathlib import Path
from ftspec import lease, owner, ownership

folder, boot = Path(sys.argv[1]), sys.argv[2]
lease.BEAT_SECONDS = 0.1
if boot:
    owner._BOOT_ID = Path(boot)
owned = ownership.take(folder, 1.0)
print("taken", flush=True)
for line in sys.stdin:
    print(owned.is_lost, flush=True)
owned.release()
"""
SHORT = 1.0


@contextmanager
def owning(folder: Path, boot: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process that owns a run, here or on another machine."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNING, str(folder), str(boot or "")],
        cwd=Path(ftspec.__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        if boot is not None:
            (folder / ".lock").unlink()
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    """The boot id of another machine."""
    path = tmp_path / "boot"
    path.write_text("another")
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def test_second_owner_is_told_who_the_first_is(run: Path) -> None:
    with owning(run) as process:
        assert is_owned(run)
        with pytest.raises(TakenError) as caught:
            take(run)
        assert caught.value.owner is not None
        assert caught.value.owner.pid == process.pid


def test_released_run_is_free_and_leaves_no_lease(run: Path) -> None:
    take(run).release()
    assert not is_owned(run)
    assert read_lease(run) is None
    take(run).release()


def test_killed_owner_of_this_machine_is_found_dead_at_once(run: Path) -> None:
    with owning(run):
        pass
    assert owner_of(run) is not None
    assert not is_owned(run)
    begun = time.monotonic()
    take(run).release()
    assert time.monotonic() - begun < 0.5


def test_process_id_that_was_given_again_is_another_process(run: Path) -> None:
    lease = {**this_process().to_json(), "started": 12.5, "beat": 3}
    (run / ".owner.json").write_text(json.dumps(lease))
    assert not is_owned(run)
    take(run).release()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"host": 3}', "\0" * 100])
def test_damaged_lease_is_none(text: str, run: Path) -> None:
    (run / ".owner.json").write_text(text)
    assert not is_owned(run)
    take(run).release()


def test_living_owner_on_another_machine_keeps_its_run(run: Path, boot: Path) -> None:
    with owning(run, boot) as process:
        assert is_owned(run)
        with pytest.raises(TakenError) as caught:
            take(run, SHORT)
        assert caught.value.owner is not None
        assert caught.value.owner.pid == process.pid


def test_owner_that_stood_still_on_another_machine_sees_that_the_run_is_taken(
    run: Path, boot: Path
) -> None:
    with owning(run, boot) as process:
        process.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        mine = take(run, SHORT)
        assert time.monotonic() - begun >= SHORT
        process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        said, _ = process.communicate("\n")
        assert said == "True\n"
        found = owner_of(run)
        assert found is not None
        assert found.pid == os.getpid()
        assert not mine.is_lost
        mine.release()
