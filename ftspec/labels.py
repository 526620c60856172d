"""Labels: their names, the ids that models use for them, and the label that losses ignore."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.paths import SpecPath
from ftspec.errors import RunError

IGNORED_LABEL = -100
"""The label that losses ignore, such as that of padding: ``ignore_index`` of
``torch.nn.CrossEntropyLoss``."""


class Labels:
    """The names of the labels in the order of their ids.

    ``class_names`` are the names of a ClassLabel feature, if the data has one. ``are_given`` says
    whether the spec names the labels.
    """

    def __init__(
        self,
        names: Sequence[str],
        at: SpecPath,
        class_names: Sequence[str] = (),
        *,
        are_given: bool = False,
    ) -> None:
        self.names = tuple(names)
        self._at = at
        self._class_names = tuple(class_names)
        self._are_given = are_given
        self._ids = {name: index for index, name in enumerate(self.names)}

    def id_of(self, value: Any) -> int:
        """The id of a value of the data.

        Raises:
            RunError: the row has no label, or a label that is not in the training split.
        """
        if _is_missing(value) or (value == -1 and self._class_names):
            raise RunError(
                "a row has no label",
                slug="missing-label",
                at=self._at,
                helps=(
                    'drop such rows: "transforms: [{type: filter, column: …, not_missing: true}]"',
                ),
            )
        name = self._name_of(value)
        if name not in self._ids:
            where = 'is not in "labels" of the task' if self._are_given else ""
            raise RunError(
                f'the label "{name}" {where or "is not in the training split"}',
                slug="unseen-label",
                at=self._at,
                helps=(
                    *did_you_mean(name, self.names),
                    one_of(self.names[:20]),
                    'name every label in the task section: "labels: […]"',
                ),
            )
        return self._ids[name]

    def _name_of(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            if 0 <= value < len(self._class_names):
                return self._class_names[value]
            if str(value) not in self._ids and 0 <= value < len(self.names):
                return self.names[value]  # the spec names the labels of plain ids
        return label_name(value)


def _is_missing(value: Any) -> bool:
    return value is None or value != value  # pandas writes a missing value as not-a-number


def label_name(value: Any) -> str:
    """The label name of a value of the data."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def learn_names(values: Iterable[Any]) -> list[str]:
    """The distinct values, sorted: numbers by size, everything else by name."""
    distinct = {value for value in values if not _is_missing(value)}
    if all(isinstance(value, (int, float)) for value in distinct):
        return [label_name(value) for value in sorted(distinct)]
    return sorted(label_name(value) for value in distinct)


def class_names_of(feature: Any) -> Sequence[str]:
    """The names of a ClassLabel feature, or of a list of ClassLabels. Empty for other features."""
    inner = getattr(feature, "feature", feature)
    return getattr(inner, "names", None) or ()  # only a ClassLabel has names
