"""SIGKILL at random moments: the run goes on as if nothing had been, and nothing half made is
used."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path
from random import Random

from tests.chaos.judging import (
    require_checkpoint_of,
    require_clear,
    require_reference,
    require_right_or_refused,
    require_sound_cache,
)
from tests.chaos.killed_evaluation import kill_evaluation
from tests.chaos.moments import Moment, Scene, moment_in, some_time
from tests.chaos.place import SECONDS, Place, status_in
from tests.chaos.trained import Trained
from tests.chaos.verdict import Kind, LostError, SilentError, Verdict
from tests.cli.command import FTSPEC, ROOT

_IMPORTS_TAKE = 3.0
_RUN_TAKES = 2.5
_TRIES = 6


def attack(place: Place, phase: str, rng: Random) -> Verdict:
    """Kill a command in a phase, and go on."""
    with place.attempt() as folder:
        if phase == "export":
            return _kill_export(place, folder, rng)
        if phase == "evaluate":
            return kill_evaluation(place, folder, rng)
        if phase == "import":
            _kill_import(place, folder, rng)
        else:
            _kill_run(place, phase, folder, rng)
        return _go_on(place, phase, folder, rng)


def _kill_import(place: Place, folder: Path, rng: Random) -> None:
    """Kill a process of its own: only there libraries are imported."""
    process = subprocess.Popen(
        [*FTSPEC, "run", str(place.spec), "--output-dir", str(folder / "runs")],
        env=place.env | {"FTSPEC_CACHE": str(place.cache)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(rng.uniform(0.05, _IMPORTS_TAKE))
    process.kill()
    process.wait()


def _kill_run(place: Place, phase: str, folder: Path, rng: Random) -> None:
    for _ in range(_TRIES):
        shutil.rmtree(folder)
        folder.mkdir()
        if _is_killed(place, phase, folder, moment_in(phase, rng)):
            return
    while not _is_killed(place, phase, folder, some_time(rng, _RUN_TAKES)):
        pass


def _is_killed(place: Place, phase: str, folder: Path, moment: Moment) -> bool:
    """Kill a run at a moment, unless it ended before."""
    output, cache = folder / "runs", _cache_of(place, phase, folder)
    is_download = phase == "download"
    if is_download:
        _ = place.trained_from_hub  # before anything is disturbed
        shutil.rmtree(place.hub_home, ignore_errors=True)
        place.hub.misbehave_next("slow-body", 99)
    started = place.start_run(output, cache, on_hub=is_download)
    if moment.is_met(Scene(started, output, cache)):
        started.send(signal.SIGKILL)
    done = started.wait(SECONDS)
    if is_download:
        place.hub.reset()
    if done.code not in (0, -signal.SIGKILL):
        raise LostError(f"the run did not wait for its end: {done.said[-1500:]}")
    return done.code == -signal.SIGKILL


def _cache_of(place: Place, phase: str, folder: Path) -> Path:
    """A cache of its own for what is killed while it fills a cache."""
    return folder / "cache" if phase in ("preparation", "cache", "download") else place.cache


def _go_on(place: Place, phase: str, folder: Path, rng: Random) -> Verdict:
    """Run to the end, perhaps killed again on the way, and compare."""
    output, cache = folder / "runs", _cache_of(place, phase, folder)
    is_download = phase == "download"
    trained = place.trained_from_hub if is_download else place.trained
    _examine(place, trained, output, rng, is_always_used=phase == "save")
    while rng.random() < 0.12:
        again = place.start_run(output, cache, "--resume", "auto", on_hub=is_download)
        if some_time(rng, _RUN_TAKES).is_met(Scene(again, output, cache)):
            again.send(signal.SIGKILL)
        require_clear(again.wait(SECONDS))
        _examine(place, trained, output, rng)
    if cache != place.cache:
        require_sound_cache(cache)
    more = ("--resume", "auto") if rng.random() < 0.8 else ()
    done = place.start_run(output, cache, *more, on_hub=is_download).wait(SECONDS)
    verdict = require_reference(trained, done)
    require_sound_cache(cache)
    return verdict


def _examine(
    place: Place, trained: Trained, output: Path, rng: Random, *, is_always_used: bool = False
) -> None:
    """Look at what a killed run left, and try to use it."""
    for run_dir in output.glob("*/*"):
        require_checkpoint_of(run_dir)
        is_finished = status_in(run_dir).get("status") == "finished"
        if is_finished:
            trained.require(run_dir)
        if is_finished or is_always_used or rng.random() < 0.15:
            require_right_or_refused(place, run_dir)


def _kill_export(place: Place, folder: Path, rng: Random) -> Verdict:
    output = folder / "exported"
    more = ("--dtype", "bf16") if rng.random() < 0.5 else ()
    command = ("export", place.reference, output, *more)

    def has_begun(scene: Scene) -> bool:
        return next(folder.glob(".exported.*"), None) is not None

    started = place.start(*command)
    moment = rng.choice((Moment(has_begun, rng.uniform(0, 0.3)), some_time(rng, 0.8)))
    if moment.is_met(Scene(started, folder, place.cache)):
        started.send(signal.SIGKILL)
    require_clear(started.wait(SECONDS))
    if not output.exists():
        done = place.start(*command).wait(SECONDS)
        require_clear(done)
        if done.code != 0:
            raise LostError(f"a killed export cannot be repeated: {done.said}")
    other = folder / "other"
    done = place.start("export", place.reference, other, *more).wait(SECONDS)
    if contents_of(output) != contents_of(other):
        raise SilentError("the export that was killed differs from another one")
    return Verdict("reference")


def contents_of(folder: Path) -> dict[str, bytes]:
    """The files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


KILLS = Kind(
    "kills",
    (
        "import",
        "download",
        "preparation",
        "cache",
        "model",
        "training",
        "checkpoint",
        "evaluation",
        "save",
        "export",
        "evaluate",
    ),
    short=5,
    long=200,
    attack=attack,
)
