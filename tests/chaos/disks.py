"""Full disks: the message names the disk or the file, and the run goes on when there is room."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.chaos.judging import (
    require_clear,
    require_reference,
    require_refusal,
    require_right_or_refused,
    require_sound_cache,
)
from tests.chaos.place import SECONDS, Place, status_in
from tests.chaos.verdict import Kind, LostError, SkippedError, Verdict
from tests.cli.command import Done

_UNMOUNT_LATER = 2  # MNT_DETACH
_RUN_NEEDS = 1_400_000
"""Bytes of two checkpoints, the model and the rest."""
_CACHE_NEEDS = 40_000
_FULL = ("No space left", "too large", "cannot write", "error[disk-too-small]")


def attack(place: Place, phase: str, rng: Random) -> Verdict:
    """Run where there is too little room, then again with room."""
    with place.attempt() as folder:
        if phase == "tmpfs for the run":
            return _fill_run(place, folder, rng)
        if phase == "tmpfs for the cache":
            return _fill_cache(place, folder, rng)
        if phase == "tmpfs for an export":
            return _fill_export(place, folder, rng)
        return _limit_files(place, folder, rng)


def _fill_run(place: Place, folder: Path, rng: Random) -> Verdict:
    disk = folder / "disk"
    with _mounted(disk, rng.randrange(20_000, _RUN_NEEDS)):
        done = place.start_run(disk / "runs").wait(SECONDS)
        verdict = _judge(place, done, disk / "runs", str(disk))
        kept = shutil.copytree(disk / "runs", folder / "runs") if verdict is None else disk
    return verdict or _go_on(place, kept, None, done)


def _fill_cache(place: Place, folder: Path, rng: Random) -> Verdict:
    disk = folder / "disk"
    with _mounted(disk, rng.randrange(4_096, _CACHE_NEEDS)):
        done = place.start_run(folder / "runs", disk / "cache").wait(SECONDS)
        require_sound_cache(disk / "cache")
        verdict = _judge(place, done, folder / "runs", str(disk), "FTSPEC_CACHE")
    return verdict or _go_on(place, folder / "runs", folder / "cache", done)


def _fill_export(place: Place, folder: Path, rng: Random) -> Verdict:
    disk = folder / "disk"
    with _mounted(disk, rng.randrange(4_096, 230_000)):
        more = ("--dtype", "bf16") if rng.random() < 0.3 else ()
        done = place.start("export", place.reference, disk / "model", *more).wait(SECONDS)
        require_clear(done)
        if done.code == 0:
            return Verdict("reference")
        if [*disk.iterdir()]:
            raise LostError(f"a failed export leaves {[*disk.iterdir()]}")
        return require_refusal(done, [str(disk), "space"])


def _limit_files(place: Place, folder: Path, rng: Random) -> Verdict:
    """A file that may not grow, as with a quota."""
    most = rng.choice((300, 600, 1_500, 3_000, 12_000, 50_000, 150_000, 300_000))
    done = place.start_run(folder / "runs", folder / "cache", most_bytes=most).wait(SECONDS)
    require_sound_cache(folder / "cache")
    verdict = _judge(place, done, folder / "runs", str(folder))
    return verdict or _go_on(place, folder / "runs", folder / "cache", done)


def _judge(place: Place, done: Done, output: Path, *names: str) -> Verdict | None:
    """``None`` if the run said that there is no room, and stands as failed."""
    require_clear(done)
    if done.code == 0:
        return require_reference(place.trained, done)
    require_refusal(done, names)
    if not any(words in done.err for words in _FULL):
        raise LostError(f"it is not said that the disk is full: {done.said[-1000:]}")
    for run_dir in output.glob("*/*"):
        status = status_in(run_dir).get("status")
        if status not in ("failed", None):
            raise LostError(f'the status is "{status}": {done.said[-1000:]}')
        require_right_or_refused(place, run_dir)
    return None


def _go_on(place: Place, output: Path, cache: Path | None, failed: Done) -> Verdict:
    done = place.start_run(output, cache, "--resume", "auto").wait(SECONDS)
    require_reference(place.trained, done)
    return Verdict("refused", failed.err[-300:])


@contextmanager
def _mounted(folder: Path, size: int) -> Iterator[None]:
    """A small disk of its own."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        raise SkippedError("no file system can be mounted here")
    try:
        yield
    finally:
        ctypes.CDLL(None).umount2(os.fsencode(folder), _UNMOUNT_LATER)


DISKS = Kind(
    "disks",
    ("tmpfs for the run", "tmpfs for the cache", "file size limit", "tmpfs for an export"),
    short=1,
    long=12,
    attack=attack,
)
