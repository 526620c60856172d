"""Several labels for each row: lists of labels, text with a separator, or a 0 or 1 for each label.

Lists that all have the same length and hold only 0 and 1 have one place for each label of the spec.
Where they could also be lists of labels, the column is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from ftspec.errors import RunError
from ftspec.labels.counts import LabelCounts, is_missing, kind_of, label_name
from ftspec.labels.labels import Labels, missing_label
from ftspec.labels.learning import LabelColumn, count_of, describe, learn_labels, ordered_like
from ftspec.labels.warnings import rare_names, similar_names

_BITS = {"0": 0, "1": 1, "false": 0, "true": 1, "0.0": 0, "1.0": 1}


class LabelSets:
    """The labels of rows that have several.

    Attributes:
        labels: their names, and what was learned from the column.
        has_places: whether a row has a 0 or 1 for each label, and not the labels themselves.
    """

    def __init__(
        self,
        labels: Labels,
        column: LabelColumn,
        separator: str | None,
        places: Sequence[str] | None,
    ) -> None:
        self.labels = labels
        self.has_places = places is not None
        self._column = column
        self._separator = separator
        self._places = [labels.names.index(name) for name in places or ()]

    def ids_of(self, value: Any) -> set[int]:
        """The ids of the labels of a row.

        Raises:
            RunError: the row has no list of labels, or not as many values as there are labels.
        """
        items = _items(value, self._separator, self._column)
        if not self.has_places:
            return {self.labels.id_of(item) for item in _given(items, self._separator)}
        bits = [_bit(item, self._separator) for item in items]
        if len(bits) != len(self._places) or None in bits:
            raise _refused(
                f"a row has the labels {_shown(items)}, and needs a 0 or 1 for each of the "
                f"{len(self._places)} labels",
                self._column,
            )
        return {index for index, bit in zip(self._places, bits, strict=True) if bit}


class _Shape:
    """What the lists of a column have in common."""

    def __init__(self, rows: Iterable[Any], separator: str | None, column: LabelColumn) -> None:
        self.empty = self.without = 0
        self.lengths: set[int] = set()
        self.has_repeats = False
        self.has_only_bits = True
        self.values = LabelCounts()
        self.places: list[int] = []
        self.example: list[Any] = []
        for row in rows:
            items = _items(row, separator, column)
            self.lengths.add(len(items))
            bits = [_bit(item, separator) for item in items]
            self.has_only_bits = self.has_only_bits and None not in bits
            if self.has_only_bits:
                if len(self.places) < len(bits):
                    self.places += [0] * (len(bits) - len(self.places))
                self.without += not any(bits)
                for place, bit in enumerate(bits):
                    self.places[place] += bit or 0
            repeats = len({(kind_of(item), str(item)) for item in items}) < len(items)
            if repeats and not self.has_repeats:
                self.example = items
            self.has_repeats = self.has_repeats or repeats
            given = _given(items, separator)
            self.empty += not given
            for item in given:
                if is_missing(item):
                    raise missing_label(column.at)
                self.values.add(item)

    @property
    def width(self) -> int:
        """The length of every list; 0 if lengths differ."""
        return next(iter(self.lengths)) if len(self.lengths) == 1 else 0


def learn_label_sets(
    rows: Iterable[Any], column: LabelColumn, separator: str | None = None
) -> LabelSets:
    """The labels of a column of lists, or of texts with a ``separator``.

    Raises:
        RunError: a row is no list, or the column can be read in two ways.
    """
    shape = _Shape(rows, separator, column)
    if _reading_of(shape, column) == "places":
        return _learn_places(shape, column, separator)
    for kind in ("boolean", "float"):
        value = shape.values.kinds.get(kind)
        if value is not None and (kind == "boolean" or not float(value).is_integer()):
            raise _refused(f"a list of labels has the {kind} {value}", column)
    labels = learn_labels(shape.values, _strict(column))
    if shape.empty:
        labels.note += f"; without any: {count_of(shape.empty, column.unit)}"
    return LabelSets(labels, column, separator, None)


def _reading_of(shape: _Shape, column: LabelColumn) -> Literal["labels", "places"]:
    """Whether lists hold labels or have a place for each label.

    Raises:
        RunError: both are possible, or neither.
    """
    if not shape.has_only_bits or not shape.values:
        return "labels"
    names = column.names
    if column.class_names:
        if shape.has_repeats:
            raise _ambiguous(shape, column)
        return "labels"
    if shape.width < 2:
        if shape.has_repeats or (shape.width == 1 and names is None):
            raise _ambiguous(shape, column)
        return "labels"
    if names is None or len(names) != shape.width:
        if names is not None and not shape.has_repeats:
            raise _ambiguous(shape, column)
        return "places"
    bits = {"0", "1", "true", "false"}
    if not shape.has_repeats and any(name.casefold() in bits for name in names):
        raise _ambiguous(shape, column)
    return "places"


def _learn_places(shape: _Shape, column: LabelColumn, separator: str | None) -> LabelSets:
    names = column.names
    if names is None:
        raise RunError(
            f"the labels are lists of {shape.width} values that are 0 or 1, and have no names",
            slug="label-type",
            at=column.at,
            helps=(
                "if each value says whether a row has a label, name them in order in the task "
                f'section: "labels: […]", {shape.width} names',
                "if the values are labels themselves, write them as text in the data",
            ),
        )
    if len(names) != shape.width:
        raise _refused(
            f"the labels are lists of {shape.width} values that are 0 or 1, and the spec names "
            f"{len(names)} labels",
            column,
        )
    labels = Labels(ordered_like(names, column.checkpoint_names), column.at, are_given=True)
    rows = dict.fromkeys(labels.names, 0)
    rows |= dict(zip(names, shape.places, strict=True))
    labels.note = (
        describe(labels.names, rows, column)
        + "; each row has a 0 or 1 for each label; without any: "
        + count_of(shape.without, column.unit)
    )
    labels.warnings = (
        *similar_names(labels.names),
        *(rare_names(rows, column.unit) if not column.sample else ()),
    )
    return LabelSets(labels, column, separator, names)


def _items(value: Any, separator: str | None, column: LabelColumn) -> list[Any]:
    """The values of a row."""
    if isinstance(value, list):
        return value
    if separator is not None:
        if is_missing(value):
            return []  # a CSV file has no other way to write that a row has no label
        return [part.strip() for part in label_name(value).split(separator)]
    if is_missing(value):
        raise missing_label(column.at)
    raise _refused(f'a multi-label row needs a list of labels, found "{value}"', column)


def _given(items: Sequence[Any], separator: str | None) -> list[Any]:
    """The values without the empty parts of a text."""
    return [item for item in items if item != ""] if separator is not None else list(items)


def _bit(item: Any, separator: str | None) -> int | None:
    """0 or 1, if a value is one of them. A part of a text may be written in several ways."""
    kind = kind_of(item)
    if kind == "text":
        return _BITS.get(item.casefold()) if separator is not None else None
    if kind in ("boolean", "whole number", "float") and item in (0, 1):
        return int(item)
    return None


def _strict(column: LabelColumn) -> LabelColumn:
    """A text in a list is never a position: a list of "0" and "1" would be read in a third way."""
    return replace(column, reads_text_positions=False)


def _ambiguous(shape: _Shape, column: LabelColumn) -> RunError:
    return _refused(
        f"the labels are lists of 0 and 1, such as {_shown(shape.example or [0, 1])}, which can be "
        "read in two ways",
        column,
        "if each value says whether a row has a label, name as many labels in the task section as "
        'a list has values: "labels: […]"',
        "if the values are labels themselves, write their names in the data",
    )


def _refused(headline: str, column: LabelColumn, *helps: str) -> RunError:
    return RunError(
        headline,
        slug="label-type",
        at=column.at,
        helps=helps
        or (
            "use a column of lists, with a template that is only its placeholder",
            'or text with a separator: "separator: …" in the task section',
        ),
    )


def _shown(items: Sequence[Any]) -> str:
    return "[" + ", ".join(map(str, items))[:80] + "]"
