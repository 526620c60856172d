"""The watcher of a run that shows nothing."""

from __future__ import annotations

from collections.abc import Mapping


class QuietWatcher:
    """Shows nothing: in a program, and in all processes of a run but the first."""

    def phase(self, name: str) -> None:
        """A phase begins."""

    def note(self, text: str) -> None:
        """Something the user should know."""

    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None:
        """Training finished a step."""

    def evaluated(self, split: str, metrics: Mapping[str, float], step: int) -> None:
        """A split was evaluated."""

    def close(self) -> None:
        """The run is over."""
