"""One training in a process of its own, and what came of it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.training.families import Family, family_named


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a way of training is given.

    Attributes:
        family: name of the family.
        way: name of the way.
        seed: of new weights, the order of rows and dropout.
        model: folder of the model and its tokenizer.
        rows: file of the rows to learn from.
        folder: for all that is written.
        overhead_tokens: what ``ftspec run`` found a micro-batch to cost, for the raw loop.
        fills: whether micro-batches are filled up to sizes that come back, in the raw loop.
        draws_fast: whether masks of dropout are drawn as ``ftspec run`` does, in the raw loop.
        epochs: how often the raw loop learns the rows, each time in another order.
    """

    family: str
    way: str
    seed: int
    model: str
    rows: str
    folder: str
    overhead_tokens: int | None = None
    fills: bool = True
    draws_fast: bool = True
    epochs: int = 1

    @property
    def learned(self) -> Family:
        """The family itself."""
        return family_named(self.family)

    @property
    def result(self) -> Path:
        """Where the process writes what it measured."""
        return Path(self.folder) / "result.json"

    @property
    def trained(self) -> Path:
        """Where the process saves what it trained."""
        return Path(self.folder) / "trained"

    def to_file(self) -> Path:
        """The job as a file for its process."""
        file = Path(self.folder) / "job.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")
        return file

    @staticmethod
    def from_file(file: Path) -> Job:
        """The job that a file holds."""
        return Job(**json.loads(file.read_text(encoding="utf-8")))


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What the steps after the first took, which warms caches.

    Attributes:
        rows, real, padded: rows learned from, their tokens, and those with padding.
        seconds: on the clock.
    """

    rows: int
    real: int
    padded: int
    seconds: float

    def write(self, job: Job) -> None:
        """For the process that asked."""
        job.result.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")

    @staticmethod
    def read(job: Job) -> Trained:
        """What a process wrote."""
        values: dict[str, Any] = json.loads(job.result.read_text(encoding="utf-8"))
        return Trained(**values)
