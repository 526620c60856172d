"""What is known of evaluated rows beside the metrics of the spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ftspec.curves import Curve
from ftspec.engine.scores.intervals import Interval, intervals_of_sums
from ftspec.metrics import RowSums

Columns = Mapping[str, Sequence[Any]]
"""What a task says of rows, by name, a value for each row."""


@dataclass
class Summary:
    """Values, tables and curves of rows.

    Attributes:
        seed: of the draws for intervals; ``None`` for no intervals.
        values: by the names of metrics.
        intervals: of some of them.
        tables: by name, as JSON values.
        curves: by name.
        notes: what could not be computed, and why.
    """

    seed: int | None = None
    values: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, Interval] = field(default_factory=dict)
    tables: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add_means(self, terms: Mapping[str, Sequence[float] | np.ndarray]) -> None:
        """Add the means over rows of these terms, of as many rows each, with intervals."""
        table = np.stack([np.asarray(values, float) for values in terms.values()], axis=1)
        names = list(terms)

        def score(sums: np.ndarray, rows: int) -> dict[str, np.ndarray]:
            return {name: sums[..., at] / rows for at, name in enumerate(names)}

        self.add_sums(RowSums(lambda predictions, references: table, score), table)

    def add_sums(self, sums: RowSums, terms: np.ndarray) -> None:
        """Add values that are functions of sums over rows, with intervals."""
        values = sums.score(terms.sum(axis=0), len(terms))
        self.values |= {name: float(value) for name, value in values.items()}
        if self.seed is not None:
            self.intervals |= intervals_of_sums(sums, terms, self.seed)

    def give_way_to(self, measured: Summary) -> None:
        """Add values of metrics, which come first. One of the same name here is left out, with its
        interval."""
        others = {name: one for name, one in self.values.items() if name not in measured.values}
        kept = {name: one for name, one in self.intervals.items() if name in others}
        self.values = {**measured.values, **others}
        self.intervals = {**kept, **measured.intervals}

    def add_measured(self, tables: Mapping[str, Any], curves: Mapping[str, Curve]) -> None:
        """Add what metrics give. A name that is taken is left out, and said."""
        for kind, given, known in (
            ("table", tables, self.tables),
            ("curve", curves, self.curves),
        ):
            for name in given.keys() & known.keys():
                self.notes.append(f'the {kind} "{name}" of a metric is left out: the name is taken')
        self.tables = {**tables, **self.tables}
        self.curves = {**curves, **self.curves}
