"""What a run made, to compare with what another one made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftspec.files import sha256_of
from tests.chaos.verdict import LostError, SilentError

_TIMES = ("_runtime", "_per_second")


@dataclass(frozen=True)
class Trained:
    """The hash of each file of a model, and what was logged, without times."""

    files: Mapping[str, str]
    lines: tuple[Mapping[str, Any], ...]
    metrics: Any

    @classmethod
    def of(cls, run_dir: Path) -> Trained:
        """What a run made.

        Raises:
            LostError: something cannot be read.
        """
        model = run_dir / "model"
        try:
            text = (run_dir / "metrics.jsonl").read_text(encoding="utf-8")
            lines = tuple(_without_times(json.loads(line)) for line in text.splitlines())
            metrics = json.loads((run_dir / "metrics.json").read_text(encoding="utf-8"))
            files = {
                path.relative_to(model).as_posix(): sha256_of(path)
                for path in model.rglob("*")
                if path.is_file()
            }
        except (OSError, ValueError) as error:
            raise LostError(f"the finished run cannot be read: {error}") from error
        return cls(files, lines, metrics)

    def require(self, run_dir: Path) -> None:
        """Check that a run made the same.

        Raises:
            SilentError: it made something else.
            LostError: something of it is missing.
        """
        other = Trained.of(run_dir)
        for name in self.files.keys() | other.files.keys():
            if name not in other.files:
                raise LostError(f'the model of the finished run has no "{name}"')
            if self.files.get(name) != other.files[name]:
                raise SilentError(f'"{name}" of the model is another one')
        if self.lines != other.lines:
            raise SilentError(f"metrics.jsonl differs: {_difference(self.lines, other.lines)}")
        if self.metrics != other.metrics:
            raise SilentError(f"metrics.json differs: {other.metrics}, not {self.metrics}")


def _without_times(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if not name.endswith(_TIMES)}


def _difference(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> str:
    steps = [[line.get("step") for line in lines] for lines in (ours, theirs)]
    if len(ours) != len(theirs):
        return f"steps {steps[1]}, not {steps[0]}"
    return next(f"{b}, not {a}" for a, b in zip(ours, theirs, strict=True) if a != b)
