"""Moments of a run: an event that can be seen from outside, and some time after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.chaos.place import SECONDS, status_in
from tests.chaos.verdict import LostError
from tests.cli.warm import Started

STEPS = (1, 2, 3, 4, 5, 6)
SAVED_STEPS = (2, 4, 6)
OF_CHECKPOINT = (
    "",
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "optimizer.pt",
    "scheduler.pt",
    "rng_state.pth",
    "trainer_state.json",
    "manifest.json",
)
OF_EVALUATION = ("step 3: ", "validation at step 3", "step 6: ", "ftspec.run: evaluating")
OF_SAVE = (
    "model.new/config.json",
    "model.new/model.safetensors",
    "model.new/tokenizer.json",
    "model.new/manifest.json",
    "model",
    "metrics.json",
    "performance.json",
    "report.html",
)


@dataclass(frozen=True)
class Scene:
    """A command that runs, and where it writes."""

    started: Started
    output: Path
    cache: Path

    def run_dir(self) -> Path | None:
        """Its run directory, if it has made one."""
        return next(self.output.glob("*/*"), None)

    def has(self, name: str) -> bool:
        """Whether its run directory has a file."""
        run_dir = self.run_dir()
        return run_dir is not None and (run_dir / name).exists()

    def log_has(self, text: str) -> bool:
        """Whether its log has a text."""
        run_dir = self.run_dir()
        log = None if run_dir is None else run_dir / "log.txt"
        return log is not None and log.exists() and text in log.read_text("utf-8", "replace")

    def caches(self, pattern: str) -> bool:
        """Whether its cache has a file."""
        return next(self.cache.glob(pattern), None) is not None


Event = Callable[[Scene], bool]


@dataclass(frozen=True)
class Moment:
    """An event, and the seconds after it."""

    event: Event
    seconds: float

    def is_met(self, scene: Scene) -> bool:
        """Wait for it; whether the command still ran.

        Raises:
            LostError: the command does not end, and the event does not come.
        """
        until = time.monotonic() + SECONDS
        while not self.event(scene):
            if scene.started.has_ended():
                return False
            if time.monotonic() > until:
                raise LostError("the command waits for ever")
            time.sleep(0.001)
        time.sleep(self.seconds)
        return not scene.started.has_ended()


def moment_in(phase: str, rng: Random) -> Moment:
    """A random moment of a phase of ``ftspec run``."""
    event, most = _EVENTS[phase](rng)
    return Moment(event, rng.uniform(0, most))


def some_time(rng: Random, most: float) -> Moment:
    """A random moment after the start."""
    return Moment(lambda scene: True, rng.uniform(0, most))


def _said(text: str) -> Event:
    return lambda scene: scene.log_has(text)


def _file(name: str) -> Event:
    return lambda scene: scene.has(name)


def _cached(pattern: str) -> Event:
    return lambda scene: scene.caches(pattern)


def _checkpoint(rng: Random) -> Event:
    return _file(f"checkpoints/checkpoint-{rng.choice(SAVED_STEPS)}/{rng.choice(OF_CHECKPOINT)}")


def _save(rng: Random) -> Event:
    name = rng.choice((*OF_SAVE, "saving", "finished"))
    if name == "saving":
        return _said("INFO ftspec.run: saving")
    if name == "finished":
        return lambda scene: status_in(scene.run_dir() or scene.output).get("status") == "finished"
    if name.startswith("model.new/"):  # it is there for a moment only
        moved = name.replace("model.new/", "model/")
        return lambda scene: scene.has(name) or scene.has(moved)
    return _file(name)


_EVENTS: dict[str, Callable[[Random], tuple[Event, float]]] = {
    "download": lambda rng: (_said("preparing data"), 1.5),
    "preparation": lambda rng: (
        rng.choice((_said("preparing data"), _cached("prepared/.making-*"), _file("status.json"))),
        0.15,
    ),
    "cache": lambda rng: (
        _cached(
            rng.choice(
                (
                    "prepared/.making-*/*",
                    "prepared/.making-*/entry.json",
                    "prepared/*/entry.json",
                    "prepared/.locks/*",
                    "batching-trial/*",
                )
            )
        ),
        0.03,
    ),
    "model": lambda rng: (_said("loading model"), 0.3),
    "training": lambda rng: (_said(f"step {rng.choice(STEPS)}: "), 0.03),
    "checkpoint": lambda rng: (_checkpoint(rng), 0.02),
    "killed late": lambda rng: (_said(f"step {rng.choice((3, 4, 5, 6))}: "), 0.03),
    "evaluation": lambda rng: (
        _said(rng.choice(OF_EVALUATION)),
        0.02,
    ),
    "save": lambda rng: (_save(rng), 0.02),
}
