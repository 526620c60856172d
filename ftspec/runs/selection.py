"""Which runs are meant, in which order, and what varies among them."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ftspec.errors import UsageError
from ftspec.runs.summary import LOWER_IS_BETTER, RunSummary

_CONDITION = re.compile(r"(?P<key>[^=<>!]+?)\s*(?P<sign><=|>=|!=|==|=|<|>)\s*(?P<value>.*)", re.S)
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_UNVARIED = ("name", "description", "ftspec")


def matching(runs: Iterable[RunSummary], conditions: Sequence[str]) -> list[RunSummary]:
    """The runs for which every condition holds, such as ``status=finished``,
    ``validation/f1>0.9`` or ``training.learning_rate=1e-4``. A run without such a value matches
    none.

    Raises:
        UsageError: a condition has another form.
    """
    tests = [_test_of(condition) for condition in conditions]
    return [run for run in runs if all(test(run) for test in tests)]


def ordered(runs: Sequence[RunSummary], key: str) -> list[RunSummary]:
    """The runs by a value, the best first: the smallest of a loss or an error, else the largest.
    Runs without the value come last.

    Raises:
        UsageError: no run has such a value.
    """
    values = {id(run): number_of(run, key) for run in runs}
    if runs and all(value is None for value in values.values()):
        known = sorted({name for run in runs for name in run.metrics})
        raise UsageError(
            f'no run has a number "{key}" to sort by; metrics are: {", ".join(known) or "none"}'
        )
    sign = 1 if key.rpartition("/")[2] in LOWER_IS_BETTER else -1

    def place(run: RunSummary) -> tuple[bool, float]:
        value = values[id(run)]
        return (value is None, 0.0 if value is None else sign * value)

    return sorted(runs, key=place)


def varied_keys(runs: Sequence[RunSummary]) -> list[str]:
    """The keys of the spec whose values differ among runs of the same name, in the order of the
    spec."""
    by_name: dict[str, list[RunSummary]] = {}
    for run in runs:
        if run.values:
            by_name.setdefault(run.name, []).append(run)
    found: dict[str, None] = {}
    for group in by_name.values():
        for key in dict.fromkeys(key for run in group for key in run.values):
            values = {json.dumps(run.values.get(key), default=str) for run in group}
            if len(values) > 1 and key not in _UNVARIED and not key.startswith("output."):
                found[key] = None
    return list(found)


def main_metric(runs: Iterable[RunSummary]) -> str | None:
    """The metric to compare runs by: of the first run that was evaluated, the first that is no
    loss, or the loss."""
    for run in runs:
        names = [name for name in run.metrics if not name.startswith("train/")]
        if names:
            return next((name for name in names if not name.endswith("/loss")), names[0])
    return None


def _test_of(condition: str) -> Callable[[RunSummary], bool]:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise UsageError(
            f'"{condition}" is no condition; write, for example, status=finished or '
            "validation/f1>0.9"
        )
    key, compare, wanted = found["key"].strip(), _SIGNS[found["sign"]], found["value"].strip()

    def test(run: RunSummary) -> bool:
        try:
            value = run.value_of(key)
        except KeyError:
            return False
        number = _as_number(wanted)
        if number is not None and isinstance(value, (int, float)) and not isinstance(value, bool):
            return compare(float(value), number)
        shown = json.dumps(value) if isinstance(value, bool) or value is None else str(value)
        return compare(shown, wanted)

    return test


def number_of(run: RunSummary, key: str) -> float | None:
    """The value of a key, if it is a finite number."""
    try:
        value = run.value_of(key)
    except KeyError:
        return None
    is_number = isinstance(value, (int, float)) and math.isfinite(value)
    return float(value) if is_number else None


def _as_number(written: str) -> float | None:
    try:
        return float(written)
    except ValueError:
        return None
