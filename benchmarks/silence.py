"""A watcher for runs within the process that measures them."""

from __future__ import annotations

from collections.abc import Mapping


class Silence:
    """Watches a run, and says nothing."""

    def phase(self, name: str) -> None: ...
    def note(self, text: str) -> None: ...
    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None: ...
    def evaluated(self, split: str, metrics: Mapping[str, float], step: int) -> None: ...
