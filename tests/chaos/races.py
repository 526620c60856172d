"""Two commands at the same time on one run, one cache or one folder."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.chaos.judging import (
    require_clear,
    require_reference,
    require_refusal,
    require_sound_cache,
)
from tests.chaos.kills import contents_of
from tests.chaos.moments import Scene, moment_in
from tests.chaos.place import SECONDS, Place
from tests.chaos.verdict import Kind, LostError, SilentError, Verdict
from tests.cli.command import Done
from tests.cli.warm import Started

_START_WITHIN = 0.6


def attack(place: Place, phase: str, rng: Random) -> Verdict:
    """Start two commands."""
    with place.attempt() as folder:
        return _ATTACKS[phase](place, folder, rng)


def _both(first: Started, second: Callable[[], Started], rng: Random) -> tuple[Done, Done]:
    time.sleep(rng.uniform(0, _START_WITHIN))
    other = second()
    done = first.wait(SECONDS), other.wait(SECONDS)
    for one in done:
        require_clear(one)
    return done


def _run_and_run(place: Place, folder: Path, rng: Random) -> Verdict:
    """Two runs of one spec, in one output folder and with one empty cache."""

    def start() -> Started:
        return place.start_run(folder / "runs", folder / "cache")

    for done in _both(start(), start, rng):
        require_reference(place.trained, done)
    require_sound_cache(folder / "cache")
    return Verdict("reference")


def _resume_and_resume(place: Place, folder: Path, rng: Random) -> Verdict:
    """One goes on, the other is refused, or finds that nothing is left to do."""
    run_dir = _killed_run(place, folder, rng)

    def start() -> Started:
        return place.start_run(folder / "runs", None, "--resume", str(run_dir))

    done = _both(start(), start, rng)
    return _one_or_both(place, done, str(run_dir))


def _resume_and_auto(place: Place, folder: Path, rng: Random) -> Verdict:
    run_dir = _killed_run(place, folder, rng)
    first = place.start_run(folder / "runs", None, "--resume", str(run_dir))
    done = _both(first, lambda: place.start_run(folder / "runs", None, "--resume", "auto"), rng)
    return _one_or_both(place, done, str(run_dir))


def _run_and_resume(place: Place, folder: Path, rng: Random) -> Verdict:
    """A run that is running is not resumed."""
    first = place.start_run(folder / "runs")
    moment_in("training", rng).is_met(Scene(first, folder / "runs", place.cache))
    [run_dir] = folder.glob("runs/*/*")
    second = place.start_run(folder / "runs", None, "--resume", str(run_dir))
    done = first.wait(SECONDS), second.wait(SECONDS)
    require_reference(place.trained, done[0])
    if done[1].code == 0:
        return require_reference(place.trained, done[1])
    return require_refusal(done[1], [str(run_dir)])


def _run_and_predict(place: Place, folder: Path, rng: Random) -> Verdict:
    first = place.start_run(folder / "runs")
    moment_in("save", rng).is_met(Scene(first, folder / "runs", place.cache))
    [run_dir] = folder.glob("runs/*/*")
    used = place.predict(run_dir)
    require_reference(place.trained, first.wait(SECONDS))
    if used.code != 0:
        return require_refusal(used, [str(run_dir)])
    if used.out != place.prediction:
        raise SilentError(f"predict used a half model: {used.out}")
    return Verdict("reference")


def _run_and_cache_rm(place: Place, folder: Path, rng: Random) -> Verdict:
    cache = folder / "cache"
    if rng.random() < 0.5:
        shutil.copytree(place.cache, cache)
    first = place.start_run(folder / "runs", cache)
    moment_in(rng.choice(("preparation", "model", "training")), rng).is_met(
        Scene(first, folder / "runs", cache)
    )
    env = place.env | {"FTSPEC_CACHE": str(cache)}
    removed = place.start("cache", "rm", "--all", "--yes", env=env).wait(SECONDS)
    require_clear(removed)
    if removed.code != 0:
        raise LostError(f"cache rm failed: {removed.said}")
    return require_reference(place.trained, first.wait(SECONDS))


def _export_and_export(place: Place, folder: Path, rng: Random) -> Verdict:
    output = folder / "out"

    def start() -> Started:
        return place.start("export", place.reference, output)

    done = _both(start(), start, rng)
    return _judge_export(place, folder, done)


def _run_and_export(place: Place, folder: Path, rng: Random) -> Verdict:
    first = place.start_run(folder / "runs")
    moment_in("save", rng).is_met(Scene(first, folder / "runs", place.cache))
    [run_dir] = folder.glob("runs/*/*")
    second = place.start("export", run_dir, folder / "out").wait(SECONDS)
    require_reference(place.trained, first.wait(SECONDS))
    if second.code != 0:
        return require_refusal(second, [str(run_dir)])
    _require_exported(place, folder / "out")
    return Verdict("reference")


def _plan_and_run(place: Place, folder: Path, rng: Random) -> Verdict:
    first = place.start_run(folder / "runs", folder / "cache")
    done = _both(first, lambda: place.start("plan", place.spec), rng)
    if done[1].code != 0:
        raise LostError(f"plan failed: {done[1].said}")
    return require_reference(place.trained, done[0])


_ATTACKS = {
    "run + run": _run_and_run,
    "resume + resume": _resume_and_resume,
    "resume + resume auto": _resume_and_auto,
    "run + resume": _run_and_resume,
    "run + predict": _run_and_predict,
    "run + cache rm": _run_and_cache_rm,
    "export + export": _export_and_export,
    "run + export": _run_and_export,
    "plan + run": _plan_and_run,
}


def _killed_run(place: Place, folder: Path, rng: Random) -> Path:
    """A run that was killed after its first checkpoint."""
    output = folder / "runs"
    while True:
        started = place.start_run(output)
        if moment_in("killed late", rng).is_met(Scene(started, output, place.cache)):
            started.send(signal.SIGKILL)
        if started.wait(SECONDS).code != 0:
            [run_dir] = output.glob("*/*")
            return run_dir
        shutil.rmtree(output)


def _one_or_both(place: Place, done: tuple[Done, Done], name: str) -> Verdict:
    winners = [one for one in done if one.code == 0]
    if not winners:
        raise LostError(f"both are refused: {[one.said[-500:] for one in done]}")
    for one in winners:
        require_reference(place.trained, one)
    for one in done:
        if one.code != 0:
            return require_refusal(one, [name])
    return Verdict("reference")


def _judge_export(place: Place, folder: Path, done: tuple[Done, Done]) -> Verdict:
    if all(one.code != 0 for one in done):
        raise LostError(f"both are refused: {[one.said[-500:] for one in done]}")
    _require_exported(place, folder / "out")
    if [one.name for one in folder.iterdir()] != ["out"]:
        raise LostError(f"something is left: {[*folder.iterdir()]}")
    for one in done:
        if one.code != 0:
            return require_refusal(one, [str(folder / "out")])
    raise SilentError("one export overwrote the other")


def _require_exported(place: Place, output: Path) -> None:
    exported, model = contents_of(output), contents_of(place.reference / "model")
    del model["manifest.json"]
    if "README.md" not in exported or any(exported.get(name) != model[name] for name in model):
        raise SilentError("the export is not the model")


RACES = Kind("races", tuple(_ATTACKS), short=2, long=18, attack=attack)
