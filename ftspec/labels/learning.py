"""From the values of a column to labels: one decision for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ftspec.diagnostics.suggest import one_of
from ftspec.document.paths import SpecPath
from ftspec.errors import RunError
from ftspec.labels.counts import LabelCounts, kind_of, label_name, learned_names
from ftspec.labels.labels import Labels
from ftspec.labels.readings import Classes, Names, Positions, Reading, looks_like_a_name
from ftspec.labels.warnings import LabelWarning, rare_names, similar_names

_MOST_SHOWN = 20
MOST_LABELS = 100_000
_NUMERIC = ("whole number", "float")
_GENERIC = re.compile(r"LABEL_(\d+)")
"""The names that transformers gives to labels without a name."""
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
"""A number as a text, which JSON files have as often as numbers."""


@dataclass(frozen=True, kw_only=True)
class LabelColumn:
    """What is known of a column of labels apart from its values.

    Attributes:
        at: the template that fills the labels, for errors.
        names: those of the spec, if it names the labels.
        class_names: those of a ClassLabel feature, if the data has one.
        checkpoint_names: those that the checkpoint brings, in the order of their ids.
        unit: what has a label: rows, or words.
        sample: ``""`` if the values are the whole training split, otherwise what they are, such as
            ``"the first 1,000 rows"``.
        float_help: what to write if labels that are floats are numbers to predict.
        reads_text_positions: whether a text of digits may be a position.
    """

    at: SpecPath
    names: Sequence[str] | None = None
    class_names: Sequence[str] = ()
    checkpoint_names: Sequence[str] = ()
    unit: str = "rows"
    sample: str = ""
    float_help: str = ""
    reads_text_positions: bool = True

    @property
    def where(self) -> str:
        """Where the names come from."""
        if self.names is not None:
            return '"labels" of the task'
        if self.class_names:
            return "the ClassLabel feature of the data"
        return self.sample or "the training split"


def learn_labels(counts: LabelCounts, column: LabelColumn) -> Labels:
    """The labels of a column. Its values are read in one way: as the classes of a ClassLabel
    feature, as names, or as positions in the names of the spec. The names keep the order of the
    checkpoint if it has the same ones.

    Raises:
        RunError: no reading fits every value.
    """
    _refuse_lists(counts, column)
    if not column.class_names:
        _refuse_mixture(counts, column)
    names = list(column.names or column.class_names or learned_names(counts))
    _refuse_many(names, column)
    _refuse_repeated(names, column)
    reading = _decide(counts, names, column)
    labels = Labels(
        ordered_like(names, column.checkpoint_names),
        column.at,
        column.class_names if reading == "classes" else (),
        are_given=column.names is not None,
        reading=reading,
        positions=names,
        reads_text_positions=column.reads_text_positions,
    )
    rows = dict.fromkeys(labels.names, 0)
    for value, count in counts.items():
        if not (reading == "classes" and value == -1):
            rows[labels.names[labels.id_of(value)]] += count
    labels.note = describe(labels.names, rows, column) + _read_as(counts, names, labels, column)
    labels.warnings = (
        *(_floats(counts, column) if reading == "names" else ()),
        *similar_names(labels.names),
        *(rare_names(rows, column.unit) if not column.sample else ()),
    )
    return labels


def _refuse_many(names: Sequence[str], column: LabelColumn) -> None:
    """Refuse a text or a number that is taken for a label: the model would have weights for each
    of them."""
    if len(names) > MOST_LABELS:
        raise RunError(
            f"there are {len(names):,} labels in {column.where}, and a model may have "
            f"{MOST_LABELS:,}",
            slug="too-large",
            at=column.at,
            helps=("the template of the label may name another column than that of the labels",),
        )


def ordered_like(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """The names in the order of those that a checkpoint brings, if they are the same."""
    return list(known) if sorted(known) == sorted(names) else list(names)


def are_same_classes(names: Sequence[str], known: Sequence[str]) -> bool:
    """Whether the outputs of a checkpoint mean these labels, in this order. An output without a
    name, such as LABEL_1, means the label "1"."""
    if list(names) == list(known):
        return True
    generic = [_GENERIC.fullmatch(name) for name in known]
    return list(names) == [found[1] if found else None for found in generic]


def describe(names: Sequence[str], rows: dict[str, int], column: LabelColumn) -> str:
    """How many labels there are, where they come from, and how many rows each has."""
    shown = [f'"{name}" ({rows[name]:,})' for name in names[:_MOST_SHOWN]]
    if shown:
        shown[0] = f'"{names[0]}" ({count_of(rows[names[0]], column.unit)})'
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    within = f", counted in {column.sample}" if column.sample and column.names is not None else ""
    return f"{len(names)} labels from {column.where}{within}: {', '.join(shown)}{more}"


def count_of(count: int, unit: str) -> str:
    """A count with its unit, in the singular if it is one."""
    return f"{count:,} {unit.removesuffix('s') if count == 1 else unit}"


def _read_as(counts: LabelCounts, names: Sequence[str], labels: Labels, column: LabelColumn) -> str:
    """How the values are read, and what decides the order, where it is not plain."""
    said = ""
    if labels.reading == "positions":
        few = ", ".join(f'{index} is "{name}"' for index, name in enumerate(names[:3]))
        dots = ", …" if len(names) > 3 else ""
        said = f"; the values are read as positions: {few}{dots}"
    elif labels.reading == "names" and column.names and counts.kinds.keys() - {"text"}:
        said = "; the values are read as names"
    if list(labels.names) != list(names):
        said += "; their ids are in the order of the checkpoint"
    return said


def _decide(counts: LabelCounts, names: Sequence[str], column: LabelColumn) -> Reading:
    """The reading that fits every value.

    Raises:
        RunError: there is none.
    """
    values = [value for value in counts if not (column.class_names and value == -1)]
    if column.class_names:
        classes = Classes(column.class_names, names)
        wrong = [value for value in values if classes.name_of(value) is None]
        if wrong:
            raise _labels(names, column, "classes").unseen(wrong[0])
        return "classes"
    by_name = Names(names)
    by_position = Positions(names, reads_text=column.reads_text_positions)
    not_names = [value for value in values if by_name.name_of(value) is None]
    if not not_names:
        return "names"
    not_positions = [value for value in values if by_position.name_of(value) is None]
    doubtful = [value for value in not_names if looks_like_a_name(value, names)]
    if not not_positions and not doubtful:
        return "positions"
    first = next((one for one in not_names if one not in not_positions), None)
    if not doubtful and len(not_names) < len(values) and first is not None:
        raise RunError(
            f"the labels are neither all names nor all positions: {_plain(first)} is no name, and "
            f"{_plain(not_positions[0])} is no position",
            slug="mixed-labels",
            at=column.at,
            helps=(
                f"as names: {one_of(names[:_MOST_SHOWN])}",
                f"as positions: expected 0 to {len(names) - 1}",
            ),
        )
    raise _labels(names, column, "names").unseen((doubtful or not_names)[0])


def _labels(names: Sequence[str], column: LabelColumn, reading: Reading) -> Labels:
    are_given = column.names is not None
    return Labels(names, column.at, column.class_names, are_given=are_given, reading=reading)


def _refuse_lists(counts: LabelCounts, column: LabelColumn) -> None:
    for kind in ("list", "mapping"):
        if kind in counts.kinds:
            raise RunError(
                f"a label is a {kind}: {counts.kinds[kind]}"[:200],
                slug="label-type",
                at=column.at,
                helps=("use a column with one name or number for each label",),
            )


def _refuse_mixture(counts: LabelCounts, column: LabelColumn) -> None:
    kinds = counts.kinds
    groups = {("number" if kind in _NUMERIC else kind): value for kind, value in kinds.items()}
    if len(groups) < 2:
        return
    found = " and ".join(f"{kind} ({_plain(value)})" for kind, value in groups.items())
    raise RunError(
        f"the labels of one column have several types: {found}",
        slug="mixed-labels",
        at=column.at,
        helps=("write them alike in the data",),
    )


def _refuse_repeated(names: Sequence[str], column: LabelColumn) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise RunError(
            f'{column.where} has the label "{twice}" twice', slug="repeated-label", at=column.at
        )


def _floats(counts: LabelCounts, column: LabelColumn) -> Iterable[LabelWarning]:
    if column.names is not None:
        return
    floats = sorted(value for value in counts if kind_of(value) == "float")
    written = [value for value in counts if kind_of(value) == "text" and _DECIMAL.fullmatch(value)]
    if not floats and any("." in value for value in written) and len(written) == len(counts):
        floats = sorted(written, key=float)
    if floats:
        yield LabelWarning(
            "float-labels",
            f"the labels are floats ({', '.join(map(str, floats[:3]))}, …), and each of the "
            f"{len(counts)} values became a class",
            (column.float_help,) if column.float_help else (),
        )


def _plain(value: Any) -> str:
    return f'"{value}"' if kind_of(value) == "text" else label_name(value)
