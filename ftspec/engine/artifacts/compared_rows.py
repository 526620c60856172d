"""Two evaluations on the same rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from ftspec.engine.artifacts.evaluation_files import METRICS, ROWS
from ftspec.engine.scores.paired import PairedTest, compare_answers, compare_losses
from ftspec.errors import RunError
from ftspec.rundir import EVALUATIONS, RunDirectory

_MOST_EXAMPLES = 5
_OF_MODEL = ("prediction", "score", "loss")


@dataclass(frozen=True)
class ComparedRows:
    """What two models make of the same rows.

    Attributes:
        name: of the evaluations.
        rows: how many rows both have.
        metrics: of both, by name, as ``metrics.json`` has them.
        tests: of answers and of losses, where rows have them.
        examples: rows that only one gets right: its number, the reference, both predictions.
    """

    name: str
    rows: int
    metrics: tuple[Mapping[str, Any], Mapping[str, Any]]
    tests: Sequence[PairedTest]
    examples: Sequence[Mapping[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        first, second = self.metrics
        return {
            "name": self.name,
            "rows": self.rows,
            "metrics": {name: [first.get(name), second.get(name)] for name in {**first, **second}},
            "tests": [test._asdict() for test in self.tests],
            "examples": [dict(one) for one in self.examples],
        }


def compare_rows(
    first: RunDirectory, second: RunDirectory, seed: int = 0, tests: int = 1
) -> list[ComparedRows]:
    """The evaluations of the same name that both runs have, on the same rows.

    Args:
        first: a run.
        second: another run.
        seed: of the draws of permutations.
        tests: how many runs the first is compared with.

    Raises:
        RunError: a file of an evaluation is damaged.
    """
    names = [path.name for path in sorted((first.path / EVALUATIONS).glob("[!.]*"))]
    shared = [name for name in names if (second.path / EVALUATIONS / name).is_dir()]
    found = (_compare(first, second, name, seed) for name in shared)
    return [
        replace(one, tests=[test.among(tests) for test in one.tests])
        for one in found
        if one is not None
    ]


def _compare(
    first: RunDirectory, second: RunDirectory, name: str, seed: int
) -> ComparedRows | None:
    """The comparison; ``None`` if the rows are others."""
    folders = [run.path / EVALUATIONS / name for run in (first, second)]
    before, after = (_read_rows(folder) for folder in folders)
    inputs = [
        column
        for column in before.column_names
        if column in after.column_names
        and column not in _OF_MODEL
        and not column.startswith("scores.")
    ]
    if not before.select(inputs).equals(after.select(inputs)):
        return None
    metrics = [_read_metrics(folder) for folder in folders]
    tests: list[PairedTest] = []
    examples: list[Mapping[str, Any]] = []
    if "reference" in inputs and "prediction" in before.column_names:
        references = before["reference"].to_pylist()
        answers = [table["prediction"].to_pylist() for table in (before, after)]
        if all(isinstance(one, (str, int, list)) for one in references):
            right = [
                [given == wanted for given, wanted in zip(answer, references, strict=True)]
                for answer in answers
            ]
            tests.append(compare_answers(*right))
            examples = _examples(references, answers, right)
    if {"loss"} <= {*before.column_names} & {*after.column_names}:
        losses = [table["loss"].to_pylist() for table in (before, after)]
        known = [pair for pair in zip(*losses, strict=True) if None not in pair]
        if known:
            first_losses, second_losses = zip(*known, strict=True)
            tests.append(compare_losses(first_losses, second_losses, seed))
    return ComparedRows(name, before.num_rows, (metrics[0], metrics[1]), tests, examples)


def _examples(
    references: Sequence[Any], answers: Sequence[Sequence[Any]], right: Sequence[Sequence[bool]]
) -> list[Mapping[str, Any]]:
    """The first rows that only one model gets right, as many of each."""
    found: list[Mapping[str, Any]] = []
    for better in (0, 1):
        rows = [
            row
            for row in range(len(references))
            if right[better][row] and not right[1 - better][row]
        ]
        found += [
            {
                "row": row + 1,
                "reference": references[row],
                "first": answers[0][row],
                "second": answers[1][row],
            }
            for row in rows[:_MOST_EXAMPLES]
        ]
    return found


def _read_rows(folder: Path) -> pa.Table:
    try:
        return parquet.read_table(folder / ROWS)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(folder / ROWS) from error


def _read_metrics(folder: Path) -> Mapping[str, Any]:
    try:
        metrics = json.loads((folder / METRICS).read_text(encoding="utf-8"))["metrics"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder / METRICS) from error
    if not isinstance(metrics, dict):
        raise _damaged(folder / METRICS)
    return metrics


def _damaged(path: Path) -> RunError:
    return RunError(
        f'"{path}" is damaged',
        slug="damaged-run",
        helps=("remove the folder of this evaluation, and evaluate again",),
    )
