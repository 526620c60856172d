"""Rows of an evaluation that a reader should see: the most confident mistakes, the worst losses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ftspec.report.numbers import is_number, shown_cell, shown_metric
from ftspec.report.tables import Column, Table, shortened

_LONGEST = 400  # characters of a text
_MOST_FIELDS = 8
_OF_MODEL = ("reference", "prediction", "score", "loss")


class EvaluatedRows:
    """The rows in ``rows.parquet``. Empty where it is missing or damaged."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            self._table = parquet.read_table(path)
        except (OSError, pa.ArrowException):
            self._table = pa.table({})

    def mistakes(self, most: int) -> Table | None:
        """Wrong predictions with the highest scores."""
        if not self._has("score", "reference", "prediction"):
            return None
        scores, references, predictions = map(self._values, ("score", "reference", "prediction"))
        wrong = [
            place
            for place in range(len(scores))
            if references[place] != predictions[place] and is_number(scores[place])
        ]
        ordered = sorted(wrong, key=lambda place: -scores[place])
        return self._rows("The most confident mistakes", ordered, most, "mistakes")

    def worst_losses(self, most: int) -> Table | None:
        """The rows with the highest losses."""
        if not self._has("loss"):
            return None
        losses = self._values("loss")
        known = [place for place in range(len(losses)) if is_number(losses[place])]
        ordered = sorted(known, key=lambda place: -losses[place])
        return self._rows("The highest losses", ordered, most, "rows")

    def numbered(self, numbers: Sequence[Any], caption: str, most: int) -> Table | None:
        """The rows with these numbers."""
        places = [
            one - 1 for one in numbers if isinstance(one, int) and 0 < one <= self._table.num_rows
        ]
        return self._rows(caption, places, most, "rows")

    def first(self, most: int) -> Table | None:
        """The first rows."""
        return self._rows("The first rows", range(self._table.num_rows), most, "rows")

    def texts_of(self, row: Any) -> str:
        """What the model read of a row, which is given by its number."""
        if not isinstance(row, int) or not 0 < row <= self._table.num_rows:
            return ""
        texts = (self._table[name][row - 1].as_py() for name in self._inputs())
        return shortened(" · ".join(shown_cell(one) for one in texts), _LONGEST)

    def _inputs(self) -> list[str]:
        """The columns of what the model reads: neither its answers nor what repeats the
        reference."""
        names = [
            name
            for name in self._table.column_names
            if name not in ("row", *_OF_MODEL, *self._measured())
        ]
        if self._has("reference"):
            reference = self._table["reference"]
            names = [name for name in names if not self._table[name].equals(reference)]
        return [name for name in names if name not in ("label", "labels")][:_MOST_FIELDS]

    def _measured(self) -> list[str]:
        """The columns of numbers: how good a row is, or the scores of classes."""
        import pyarrow as pa

        is_number = (pa.types.is_floating, pa.types.is_integer, pa.types.is_boolean)
        return [
            field.name
            for field in self._table.schema
            if field.name not in ("row", *_OF_MODEL) and any(one(field.type) for one in is_number)
        ]

    def _rows(self, caption: str, places: Sequence[int], most: int, what: str) -> Table | None:
        """Some rows as a table."""
        if not len(places):
            return None
        names = [
            *(["row"] if self._has("row") else []),
            *self._inputs(),
            *(name for name in _OF_MODEL if self._has(name)),
            *[name for name in self._measured() if not name.startswith("scores.")][:_MOST_FIELDS],
        ]
        numbers = {"row", "score", "loss", *self._measured()}
        some = self._table.select(names).take(list(places[:most]))
        columns = [Column(name, name in numbers) for name in names]
        cells = [_cells(row, names) for row in some.to_pylist()]
        left_out = f"{len(cells):,} of {len(places):,} {what}" if len(places) > most else ""
        return Table(caption, columns, cells, left_out)

    def _has(self, *names: str) -> bool:
        return {*names} <= {*self._table.column_names}

    def _values(self, name: str) -> list[Any]:
        values: list[Any] = self._table[name].to_pylist()
        return values


def _cells(row: dict[str, Any], names: Iterable[str]) -> list[str]:
    return [
        shown_metric(row[name])
        if isinstance(row[name], float)
        else shortened(shown_cell(row[name]), _LONGEST)
        for name in names
    ]
