"""The validation split, the test split or a set to evaluate on shares rows with the training split.

Why: the metrics look better than the model is, and early stopping selects a checkpoint that
memorized its training rows. Lint reports only overlaps that are certain for any number of rows. For
a set of data.evaluation it is a warning: how well the rows of training are learned may be the
question.

Bad:

    data: {splits: {train: "train[:90%]", validation: "train[80%:]"}}

Good:

    data: {splits: {train: "train[:90%]", validation: "train[90%:]"}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import Literal

from ftspec.diagnostics.model import Diagnostic, Label, Severity
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan

SLUGS = ("overlapping-splits",)

_SPLITS: SpecPath = ("data", "splits")
_MOST_PARTS = 100
_PART = re.compile(
    r"\s*(?P<name>[\w.]+)(?:\[(?P<start>-?[\d_]+%?)?:(?P<end>-?[\d_]+%?)?\])?(?:\(\w+\))?\s*"
)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the slices of validation, test and sets with the training slice."""
    train = plan.splits.train.slice
    for what, at, taken in _compared(plan):
        overlap = _overlap(taken, train) if train is not None else None
        if overlap is None:
            continue
        labels = [Label(spans.span(_written(at, spans)))]
        learned = _written((*_SPLITS, "train"), spans)
        if spans.node(learned) is not None:
            labels.append(Label(spans.span(learned), "the model trains on these rows"))
        is_error = overlap == "is" and at[:2] == _SPLITS
        yield Diagnostic(
            slug="overlapping-splits",
            severity=Severity.ERROR if is_error else Severity.WARNING,
            headline=f"{what} is the training split"
            if overlap == "is"
            else f"{what} has rows of the training split",
            labels=tuple(labels),
            helps=("take other rows, or hold some out: {from: train, fraction: 0.1}",),
        )


def _compared(plan: Plan) -> Iterator[tuple[str, SpecPath, str]]:
    """What is evaluated on rows of the source of training: its name, its place and its slice."""
    for name in ("validation", "test"):
        split = plan.splits.named().get(name)
        if split is not None and split.slice is not None:
            yield f"the {name} split", (*_SPLITS, name), split.slice
    for one in plan.evaluation.values():
        is_same = one.source is None or one.source.to_spec() == plan.source.to_spec()
        if is_same and one.slice is not None:
            yield f'the set "{one.name}"', one.at, one.slice


def _overlap(one: str, other: str) -> Literal["is", "has"] | None:
    """Whether two slices are the same, or certainly share rows."""
    taken, learned = _rows_of(one), _rows_of(other)
    pairs = product(taken[:_MOST_PARTS], learned[:_MOST_PARTS])
    if not any(one.overlaps(other) for one, other in pairs):
        return None
    return "is" if set(taken) == set(learned) else "has"


def _written(at: SpecPath, spans: Document) -> SpecPath:
    return (*at, "slice") if spans.node((*at, "slice")) is not None else at


@dataclass(frozen=True)
class _Rows:
    """A range of a split of the source, from ``start`` to ``end`` in percent or in rows.

    Rows counted from the end have a negative start, and an end of at most 0.
    """

    name: str
    is_percent: bool
    start: float
    end: float

    @property
    def has_first(self) -> bool:
        return self.start == 0 < self.end

    @property
    def has_last(self) -> bool:
        last = 100 if self.is_percent else 0 if self.start < 0 else inf
        return self.start < self.end == last

    def overlaps(self, other: _Rows) -> bool:
        """Whether they certainly share a row, if both have rows."""
        if self.name != other.name:
            return False
        if (self.has_first and other.has_first) or (self.has_last and other.has_last):
            return True
        if any(one.has_first and one.has_last for one in (self, other)):
            return self.start < self.end and other.start < other.end
        if self.is_percent != other.is_percent or (self.start < 0) != (other.start < 0):
            return False
        return max(self.start, other.start) < min(self.end, other.end)


def _rows_of(written: str) -> list[_Rows]:
    """The ranges that a slice joins."""
    return [
        rows
        for part in written.split("+")
        if (match := _PART.fullmatch(part)) and (rows := _rows(match))
    ]


def _rows(part: re.Match[str]) -> _Rows | None:
    """One range, or ``None`` if its ends are counted from different sides."""
    start, end = part["start"], part["end"]
    is_percent = "%" in f"{start}{end}"
    if any(one is not None and one.endswith("%") != is_percent for one in (start, end)):
        return None
    first, last = (float(one.rstrip("%")) if one else None for one in (start, end))
    if is_percent:
        first, last = (one + 100 if one is not None and one < 0 else one for one in (first, last))
        return _Rows(part["name"], True, max(first or 0, 0), 100 if last is None else last)
    if first is not None and first < 0:
        return _Rows(part["name"], False, first, last or 0) if (last or 0) <= 0 else None
    if last is not None and last < 0:
        return None
    return _Rows(part["name"], False, first or 0, inf if last is None else last)
