"""One training in its own process, and its result."""

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
        folder: where everything is written.
        overhead_tokens: micro-batch overhead that ``ftspec run`` measured, for the raw loop.
    """

    family: str
    way: str
    seed: int
    model: str
    rows: str
    folder: str
    overhead_tokens: int | None = None

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
    """What the steps after the first took. The first one fills caches.

    Attributes:
        rows, real, padded: rows trained on, their tokens, and their tokens with padding.
        seconds: wall time.
    """

    rows: int
    real: int
    padded: int
    seconds: float

    def write(self, job: Job) -> None:
        """For the process that started this one."""
        job.result.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")

    @staticmethod
    def read(job: Job) -> Trained:
        """What a process wrote."""
        values: dict[str, Any] = json.loads(job.result.read_text(encoding="utf-8"))
        return Trained(**values)
