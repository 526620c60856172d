"""Labels: their names, the ids that models use for them, and the label that losses ignore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.paths import SpecPath
from ftspec.errors import RunError
from ftspec.labels.counts import is_missing, kind_of, label_name, learned_names
from ftspec.labels.readings import Classes, Names, Positions, Reading
from ftspec.labels.warnings import LabelWarning

IGNORED_LABEL = -100
"""The label that losses ignore, such as that of padding: ``ignore_index`` of
``torch.nn.CrossEntropyLoss``."""


class Labels:
    """The names of the labels in the order of their ids, and how values are read as names.

    ``class_names`` are the names of a ClassLabel feature, if the data has one. ``are_given`` says
    whether the spec names the labels. Use :func:`ftspec.api.learn_labels` where there is a column
    to learn from: it decides the ``reading`` for the whole column. Without a column, values are
    classes if there are ``class_names``, otherwise names; whole numbers are positions if no name is
    a number.

    Attributes:
        names: the names in the order of their ids.
        reading: how values are read: as ``classes``, ``names`` or ``positions``.
        note: what was learned, in one sentence; empty if nothing was learned from a column.
        warnings: what is probably wrong with the labels of the column.
    """

    def __init__(
        self,
        names: Sequence[str],
        at: SpecPath,
        class_names: Sequence[str] = (),
        *,
        are_given: bool = False,
        reading: Reading | None = None,
        positions: Sequence[str] | None = None,
        reads_text_positions: bool = True,
    ) -> None:
        self.names = tuple(names)
        self.note = ""
        self.warnings: tuple[LabelWarning, ...] = ()
        self._at = at
        self._are_given = are_given
        self._class_names = tuple(class_names)
        self._ids = {name: index for index, name in enumerate(self.names)}
        self._positions = tuple(positions if positions is not None else names)
        by_name, by_position = Names(self.names), Positions(self._positions)
        self.reading: Reading = reading or ("classes" if class_names else "names")
        self._name_of: Callable[[Any], str | None]
        if self.reading == "classes":
            self._name_of = Classes(self._class_names, self.names).name_of
        elif self.reading == "positions":
            strict = Positions(self._positions, reads_text=reads_text_positions)
            self._name_of = strict.name_of
        elif reading is None and not any(map(_is_number, self.names)):

            def name_of(value: Any) -> str | None:
                if kind_of(value) in ("whole number", "float"):  # it can only be a position
                    return by_position.name_of(value)
                return by_name.name_of(value)

            self._name_of = name_of
        else:
            self._name_of = by_name.name_of

    def id_of(self, value: Any) -> int:
        """The id of a value of the data.

        Raises:
            RunError: the row has no label, or a label that is not in the training split.
        """
        if is_missing(value) or (self.reading == "classes" and value == -1):
            raise missing_label(self._at)
        name = self._name_of(value)
        if name is None:
            raise self.unseen(value)
        return self._ids[name]

    def report(self, note: Callable[[str], None]) -> None:
        """Say what was learned, and each warning."""
        if self.note:
            note(self.note)
        for warning in self.warnings:
            note(f"warning: {warning}")

    def unseen(self, value: Any) -> RunError:
        """The error for a value that is no label."""
        name = self._shown(value)
        where = 'in "labels" of the task' if self._are_given else "in the training split"
        helps = [*did_you_mean(name, self.names), one_of(self.names[:20])]
        if self.reading == "positions":
            where = f'a position in "labels" of the task, which are 0 to {len(self._positions) - 1}'
            helps = ["the other values of the column are positions; positions start at 0"]
        if not self._are_given:
            helps.append('name every label in the task section: "labels: […]"')
        return RunError(
            f'the label "{name}" is not {where}', slug="unseen-label", at=self._at, helps=helps
        )

    def _shown(self, value: Any) -> str:
        if self.reading == "classes" and kind_of(value) == "whole number":
            return Positions(self._class_names).name_of(value) or str(value)
        return label_name(value)


def missing_label(at: SpecPath, where: str = "") -> RunError:
    """The error for a row without a label."""
    return RunError(
        f"a row has no label ({where})" if where else "a row has no label",
        slug="missing-label",
        at=at,
        helps=('drop such rows: "transforms: [{type: filter, column: …, not_missing: true}]"',),
    )


def learn_names(values: Iterable[Any]) -> list[str]:
    """The distinct values, sorted: numbers by size, everything else by name."""
    return learned_names({value for value in values if not is_missing(value)})


def class_names_of(feature: Any) -> Sequence[str]:
    """The names of a ClassLabel feature, or of a list of ClassLabels. Empty for other features."""
    inner = getattr(feature, "feature", feature)
    return getattr(inner, "names", None) or ()  # only a ClassLabel has names


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
