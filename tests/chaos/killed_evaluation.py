"""SIGKILL while a run is evaluated: what is written is whole, and what was written before stays."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from random import Random
from typing import Any

from ftspec.rundir import EVALUATIONS
from tests.chaos.judging import require_clear
from tests.chaos.moments import Moment, Scene, some_time
from tests.chaos.place import SECONDS, Place
from tests.chaos.verdict import LostError, SilentError, Verdict

_TAKES = 2.0


def kill_evaluation(place: Place, folder: Path, rng: Random) -> Verdict:
    """Kill ``ftspec evaluate`` beside a finished evaluation, then evaluate again."""
    run_dir = _copied(place, folder)
    undisturbed = _evaluated(place, run_dir, "before")
    before = undisturbed["before"]

    def has_begun(scene: Scene) -> bool:
        return next((run_dir / EVALUATIONS).glob(".*"), None) is not None

    started = place.start("evaluate", run_dir, "--name", "killed")
    moment = rng.choice((Moment(has_begun, rng.uniform(0, 0.2)), some_time(rng, _TAKES)))
    if moment.is_met(Scene(started, folder, place.cache)):
        started.send(signal.SIGKILL)
    require_clear(started.wait(SECONDS))
    left = _read(run_dir)
    found = _evaluated(place, run_dir, "again")
    for name, evaluation in {**left, **found}.items():
        if evaluation != before:
            raise SilentError(f'the evaluation "{name}" differs from the one before the kill')
    if not set(left) <= set(found):
        raise LostError(f"evaluations are gone: {sorted(left)} and then {sorted(found)}")
    hidden = [path.name for path in (run_dir / EVALUATIONS).glob(".*") if path.is_dir()]
    if hidden:
        raise LostError(f"the next evaluation left {hidden}")
    place.trained.require(run_dir)
    return Verdict("reference")


def _copied(place: Place, folder: Path) -> Path:
    reference = place.reference
    return Path(shutil.copytree(reference, folder / "runs" / "chaos" / reference.name))


def _evaluated(place: Place, run_dir: Path, name: str) -> dict[str, Any]:
    """Every evaluation of a run after one more."""
    done = place.start("evaluate", run_dir, "--name", name).wait(SECONDS)
    require_clear(done)
    if done.code != 0:
        raise LostError(f"the run cannot be evaluated: {done.said[-1000:]}")
    return _read(run_dir)


def _read(run_dir: Path) -> dict[str, Any]:
    """The metrics and the rows of each evaluation, without the time that it took."""
    found = {}
    for folder in (run_dir / EVALUATIONS).glob("[!.]*"):
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        metrics.pop("seconds")
        found[folder.name] = metrics, (folder / "rows.parquet").read_bytes()
    return found
