"""The validation or test split shares rows with the training split.

Why: the metrics look better than the model is, and early stopping selects a checkpoint that
memorized its training rows. Lint reports only overlaps that are certain for any number of rows.

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

from ftspec.diagnostics.model import Diagnostic, Label, Severity
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan

SLUGS = ("overlapping-splits",)

_MOST_PARTS = 100
_PART = re.compile(
    r"\s*(?P<name>[\w.]+)(?:\[(?P<start>-?[\d_]+%?)?:(?P<end>-?[\d_]+%?)?\])?(?:\(\w+\))?\s*"
)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the slices of validation and test with the training slice."""
    train = plan.splits.train.slice
    for name in ("validation", "test"):
        split = plan.splits.named().get(name)
        if train is None or split is None or split.slice is None:
            continue
        taken, learned = _rows_of(split.slice), _rows_of(train)
        is_same = set(taken) == set(learned)
        pairs = product(taken[:_MOST_PARTS], learned[:_MOST_PARTS])
        if not any(one.overlaps(other) for one, other in pairs):
            continue
        labels = [Label(spans.span(_written(name, spans)))]
        at = _written("train", spans)
        if spans.node(at) is not None:
            labels.append(Label(spans.span(at), "the model trains on these rows"))
        yield Diagnostic(
            slug="overlapping-splits",
            severity=Severity.ERROR if is_same else Severity.WARNING,
            headline=f"the {name} split is the training split"
            if is_same
            else f"the {name} split has rows of the training split",
            labels=tuple(labels),
            helps=("take other rows, or hold some out: {from: train, fraction: 0.1}",),
        )


def _written(name: str, spans: Document) -> SpecPath:
    at: SpecPath = ("data", "splits", name)
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
