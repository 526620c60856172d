"""The progress of a run: plain lines in a log, a live progress bar on a terminal."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ftspec.cli.terminal.output import echo, shown
from ftspec.quantities import shown_time
from ftspec.stopping import mute_lost_outputs

_SECONDS_BETWEEN_LINES = 10.0


class PlainWatcher:
    """A line for each phase, note and evaluation, and one every ten seconds while training."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = 0.0

    def phase(self, name: str) -> None:
        """A phase begins."""
        self._began = time.monotonic()
        self._say(name)

    def note(self, text: str) -> None:
        """Something the user should know."""
        self._say(f"  {text}")

    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None:
        """Training finished a step; ``logs`` are the latest numbers logged."""
        now = time.monotonic()
        if now - self._last < _SECONDS_BETWEEN_LINES and done != total:
            return
        self._last = now
        left = (now - self._began) / done * (total - done)
        numbers = "".join(f", {name} {value:.4g}" for name, value in logs.items())
        self._say(f"  step {done}/{total}{numbers}, {shown_time(left)} left")

    def evaluated(self, split: str, metrics: Mapping[str, float], step: int) -> None:
        """A split was evaluated."""
        self._say(f"  {split} at step {step}: {shown_numbers(metrics)}")

    def close(self) -> None:
        """The run is over."""

    def _say(self, text: str) -> None:
        echo(text, err=True)


def make_watcher() -> PlainWatcher:
    """A live progress bar on a terminal, plain lines elsewhere."""
    if sys.stderr.isatty():
        return TerminalWatcher()
    return PlainWatcher()


class TerminalWatcher(PlainWatcher):
    """A live bar with the loss and the time left. Everything else is printed above it."""

    def __init__(self) -> None:
        super().__init__()
        # rich is part of the train extra, which is installed wherever a run starts
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[numbers]}"),
            TimeElapsedColumn(),
            TextColumn("<"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._bar: Any = None

    def phase(self, name: str) -> None:
        """A phase begins. Remove the bar of the phase before."""
        self.close()
        super().phase(name)

    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None:
        """Move the bar."""
        numbers = f"loss {logs['loss']:.4g}" if "loss" in logs else ""
        if self._bar is None:
            self._progress.start()
            self._bar = self._progress.add_task(
                "step", total=total, completed=done, numbers=numbers
            )
        with _outliving_the_terminal():
            self._progress.update(self._bar, completed=done, numbers=numbers)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            with _outliving_the_terminal():
                self._progress.remove_task(self._bar)
                self._progress.stop()
            self._bar = None

    def _say(self, text: str) -> None:
        with _outliving_the_terminal():
            self._console.print(shown(text), markup=False, soft_wrap=True)


@contextmanager
def _outliving_the_terminal() -> Iterator[None]:
    """A run goes on when its terminal is closed."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        mute_lost_outputs()


def shown_numbers(numbers: Mapping[str, float]) -> str:
    """``loss 0.2531, accuracy 0.92``."""
    return ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())
