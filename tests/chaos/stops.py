"""Signals that stop a run: the exit code of the README, no traceback, and a run that goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from random import Random

from ftspec.rundir import RunDirectory
from tests.chaos.judging import require_checkpoint_of, require_clear, require_reference
from tests.chaos.moments import Scene, moment_in
from tests.chaos.place import SECONDS, Place, status_in
from tests.chaos.verdict import Kind, LostError, Verdict
from tests.cli.command import FTSPEC, ROOT, Done

_CODES = {
    signal.SIGINT: 130,
    signal.SIGTERM: 130,
    signal.SIGHUP: 130,
    signal.SIGUSR1: 75,
    signal.SIGUSR2: 75,
}
_PHASES = ("preparation", "cache", "model", "training", "checkpoint", "evaluation", "save")


def attack(place: Place, phase: str, rng: Random) -> Verdict:
    """Send a signal in a phase, sometimes twice, and go on."""
    number = rng.choice([*_CODES])
    is_twice = rng.random() < 0.25
    with place.attempt() as folder:
        try:
            done = _stopped(place, phase, folder, number, rng, is_twice)
        except LostError as error:
            raise LostError(f"{number.name}: {error}") from error
        if done.code == 0:  # the signal came after the last step
            return require_reference(place.trained, done)
        _require_stopped(folder, done, number, is_twice)
        return _go_on(place, folder)


def _stopped(
    place: Place, phase: str, folder: Path, number: signal.Signals, rng: Random, is_twice: bool
) -> Done:
    if phase == "import":
        return _stopped_import(place, folder, number, rng)
    cache = folder / "cache" if phase in ("preparation", "cache") else place.cache
    started = place.start_run(folder / "runs", cache)
    if moment_in(phase, rng).is_met(Scene(started, folder / "runs", cache)):
        started.send(number)
        if is_twice:
            time.sleep(rng.uniform(0, 0.05))
            started.send(number)
    return started.wait(SECONDS)


def _stopped_import(place: Place, folder: Path, number: signal.Signals, rng: Random) -> Done:
    """Only a process of its own imports libraries."""

    def listen() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    process = subprocess.Popen(
        [*FTSPEC, "run", str(place.spec), "--output-dir", str(folder / "runs")],
        env=place.env | {"FTSPEC_CACHE": str(place.cache)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen,
    )
    until = time.monotonic() + SECONDS
    while not [*folder.glob("runs/*/*/status.json")] and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(rng.uniform(0, 2.5))
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=SECONDS)
    return Done(process.returncode, out, err, 0)


def _require_stopped(folder: Path, done: Done, number: signal.Signals, is_twice: bool) -> None:
    require_clear(done)
    if done.code != _CODES[number]:
        raise LostError(f"{number.name}: exit code {done.code}: {done.said[-1000:]}")
    for run_dir in folder.glob("runs/*/*"):
        require_checkpoint_of(run_dir)
        status = status_in(run_dir).get("status")
        if is_twice:  # it ended at once
            continue
        if status not in ("interrupted", "finished"):
            raise LostError(f'{number.name}: the status is "{status}": {done.said[-1000:]}')
        if RunDirectory(run_dir).latest_checkpoint() and "resume it with: " not in done.err:
            raise LostError(f"{number.name}: how to go on is not said: {done.said[-1000:]}")


def _go_on(place: Place, folder: Path) -> Verdict:
    done = place.start_run(folder / "runs", None, "--resume", "auto").wait(SECONDS)
    return require_reference(place.trained, done)


SIGNALS = Kind("signals", ("import", *_PHASES), short=1, long=40, attack=attack)
