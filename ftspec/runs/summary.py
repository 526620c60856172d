"""What a run directory says of its run, in a few values."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ftspec.cache import size_of
from ftspec.errors import RunError
from ftspec.rundir import RunDirectory

State = Literal["finished", "failed", "interrupted", "running", "dead", "unreadable"]
_ENDED: tuple[State, ...] = ("finished", "failed", "interrupted")
_ACTIVE = ("created", "preparing", "training")

LOWER_IS_BETTER = ("loss", "perplexity", "mse", "mae")


@dataclass(frozen=True)
class RunSummary:
    """One run.

    Attributes:
        run_dir: its folder.
        state: its status; ``dead`` is a run that no process has and that did not end.
        name: of its spec.
        started: when it was created.
        seconds: from its first status to its last, or ``None`` while it is active.
        metrics: the final ones, by ``SPLIT/METRIC``.
        values: of its spec with all defaults, by key.
    """

    run_dir: RunDirectory
    state: State
    name: str
    started: datetime | None
    seconds: float | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        """Bytes of all its files."""
        return size_of(self.run_dir.path)

    def value_of(self, key: str) -> Any:
        """The value of ``status``, ``name``, ``seconds``, a metric or a key of the spec.

        Raises:
            KeyError: it has none of this name.
        """
        known = {"status": self.state, "name": self.name, "seconds": self.seconds}
        for values in (known, self.metrics, self.values):
            if key in values:
                return values[key]
        if "/" not in key and f"validation/{key}" in self.metrics:
            return self.metrics[f"validation/{key}"]
        raise KeyError(key)


def summaries_in(folder: Path) -> Iterator[RunSummary]:
    """The runs in a folder, at any depth of names, the newest first. Damaged ones are among
    them."""
    found = sorted(folder.glob("**/status.json"), key=lambda path: path.parent.name, reverse=True)
    yield from (summary_of(RunDirectory(path.parent)) for path in found)


def summary_of(run_dir: RunDirectory) -> RunSummary:
    """What a run directory says; nothing in it needs to be readable."""
    status = run_dir.status()
    plan = _read(run_dir, "plan.json")
    spec = plan.get("spec")
    times = _times(status.get("times"))
    state = _state_of(run_dir, status)
    return RunSummary(
        run_dir=run_dir,
        state=state,
        name=str(spec.get("name", "")) if isinstance(spec, dict) else run_dir.path.parent.name,
        started=times[0] if times else None,
        seconds=(times[-1] - times[0]).total_seconds() if times and state in _ENDED else None,
        metrics=dict(_metrics(_read(run_dir, "metrics.json"))),
        values=dict(_leaves(spec, "")) if isinstance(spec, dict) else {},
    )


def _state_of(run_dir: RunDirectory, status: Mapping[str, Any]) -> State:
    written = status.get("status")
    for ended in _ENDED:
        if written == ended:
            return ended
    if written not in _ACTIVE:
        return "unreadable"
    return "running" if run_dir.is_running() else "dead"


def _read(run_dir: RunDirectory, name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = run_dir.read_json(name)
    except (RunError, OSError, ValueError, RecursionError):
        return {}
    return found


def _times(written: Any) -> list[datetime]:
    try:
        return sorted(datetime.fromisoformat(one) for one in written.values())
    except (AttributeError, TypeError, ValueError):
        return []


def _metrics(written: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for split, metrics in written.items():
        if isinstance(metrics, dict):
            for name, value in metrics.items():
                if isinstance(value, (int, float)):
                    yield f"{split}/{name}", float(value)
                elif value is None:  # JSON has no NaN
                    yield f"{split}/{name}", math.nan


def _leaves(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    """The values of a spec by their keys; a list is one value."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{at}.{key}" if at else str(key))
    else:
        is_plain = value is None or isinstance(value, (str, int, float, bool))
        yield at, value if is_plain else json.dumps(value, ensure_ascii=False)
