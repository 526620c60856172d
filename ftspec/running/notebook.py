"""The progress of a run in a notebook. Elsewhere nothing is shown: the log has the progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from ftspec.quantities import shown_time
from ftspec.report.numbers import shown_metric
from ftspec.report.pages import render_page
from ftspec.report.tables import Column, Table
from ftspec.running.quiet_watcher import QuietWatcher

_SECONDS_BETWEEN = 0.5
_MOST_EVALUATIONS = 50


class NotebookWatcher(QuietWatcher):
    """One block that changes: the phase, a bar, what there is to know, and a row for each
    evaluation.

    Args:
        show: gets the block as HTML, each time it changes.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._phase = ""
        self._notes: list[str] = []
        self._step, self._steps, self._logs = 0, 0, ""
        self._evaluations: list[tuple[str, int, Mapping[str, float]]] = []
        self._began = self._shown = time.monotonic()

    def phase(self, name: str) -> None:
        """A phase begins, with no step made."""
        self._phase, self._steps = name, 0
        self._began = time.monotonic()
        self._update()

    def note(self, text: str) -> None:
        """Something the user should know."""
        self._notes.append(text)
        self._update()

    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None:
        """Move the bar."""
        now = time.monotonic()
        left = (now - self._began) / done * (total - done)
        numbers = [f"{name} {value:.4g}" for name, value in logs.items()]
        self._logs = ", ".join([*numbers, f"{shown_time(left)} left"])
        self._step, self._steps = done, total
        if now - self._shown >= _SECONDS_BETWEEN or done == total:
            self._update()

    def evaluated(self, split: str, metrics: Mapping[str, float], step: int) -> None:
        """A split was evaluated: a row."""
        self._evaluations.append((split, step, metrics))
        self._update()

    def close(self) -> None:
        """The run is over: no bar."""
        self._phase, self._steps = "", 0
        self._update()

    def _update(self) -> None:
        self._shown = time.monotonic()
        page = render_page(
            "progress",
            phase=self._phase,
            step=self._step,
            steps=self._steps,
            logs=self._logs,
            notes=self._notes,
            evaluations=self._table(),
        )
        self._show(page)

    def _table(self) -> Table | None:
        shown = self._evaluations[-_MOST_EVALUATIONS:]
        if not shown:
            return None
        names = list(dict.fromkeys(name for *_, metrics in shown for name in metrics))
        columns = (Column("set"), Column("step", True), *(Column(name, True) for name in names))
        rows = [
            (split, f"{step:,}", *(shown_metric(metrics.get(name)) for name in names))
            for split, step, metrics in shown
        ]
        return Table("Evaluations", columns, rows)


def watcher_here() -> QuietWatcher:
    """A watcher for a notebook if this is one, and one that shows nothing elsewhere."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if not hasattr(shell, "kernel"):  # a terminal has a shell without one
        return QuietWatcher()
    display: Any = sys.modules["IPython.display"]
    handle = display.display(display.HTML(""), display_id=True)

    def show(page: str) -> None:
        handle.update(display.HTML(page))

    return NotebookWatcher(show)
