"""From files of rows to a table on disk: read twice, first to learn the type of each column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import datasets
import pyarrow as pa

from ftspec.api import ColumnUse, ColumnUses, FileFormat, Row, RowFile, UnreadableError
from ftspec.builtin.sources.columns import (
    Column,
    JsonColumn,
    SeparatedColumn,
    TextColumn,
    UnusedColumn,
)

_BATCH = 1_000
_KEPT = 100_000_000  # bytes of files whose rows are kept instead of being read again

Blame = Callable[[Path, UnreadableError], Exception]
"""The error to raise for a fault in a file."""


class RowTable:
    """The rows of files of one format, one after the other.

    Attributes:
        files: the files, which have remarks once they are read.
        is_empty: whether there are no rows.
    """

    def __init__(
        self, paths: Sequence[Path], form: FileFormat, uses: ColumnUses, blame: Blame
    ) -> None:
        self.files = {path: RowFile(path, form) for path in paths}
        self._form = form
        self._uses = uses
        self._blame = blame
        self._columns: dict[str, Column] = {}
        is_small = sum(path.stat().st_size for path in paths) <= _KEPT
        self._kept: list[tuple[Path, list[Row]]] | None = [] if is_small else None
        self.is_empty = True

    def learn(self) -> None:
        """Read all rows, and learn their columns."""
        for path, rows in self._batches():
            self.is_empty = False
            self._add_columns(path, rows)
            if self._kept is not None:
                self._kept.append((path, rows))
            try:
                for name, column in self._columns.items():
                    column.learn([row.values.get(name) for row in rows], rows)
            except UnreadableError as error:
                raise self._blame(path, error) from None

    @property
    def numbers_as_text(self) -> list[str]:
        """The columns of separated values that are used as text, and whose first values are all
        numbers."""
        return [name for name, one in self._columns.items() if getattr(one, "has_numbers", False)]

    def write(self, path: Path) -> datasets.Dataset:
        """The rows as a table in the file ``path``."""
        features = datasets.Features(
            {name: column.feature for name, column in self._columns.items()}
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        # another process may read or write the file of the same rows
        with TemporaryDirectory(dir=path.parent) as folder:
            self._write_batches(Path(folder, path.name), features.arrow_schema)
            Path(folder, path.name).replace(path)
        return datasets.Dataset.from_file(str(path))

    def _write_batches(self, path: Path, schema: pa.Schema) -> None:
        with pa.ipc.new_stream(str(path), schema) as writer:
            for source, rows in self._kept if self._kept is not None else self._batches():
                try:
                    arrays = [
                        column.array([row.values.get(name) for row in rows], rows)
                        for name, column in self._columns.items()
                    ]
                except UnreadableError as error:
                    raise self._blame(source, error) from None
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def _batches(self) -> Iterator[tuple[Path, list[Row]]]:
        for path, file in self.files.items():
            rows = file.rows()
            try:
                while batch := list(islice(rows, _BATCH)):
                    yield path, batch
            except UnreadableError as error:
                raise self._blame(path, error) from None

    def _add_columns(self, path: Path, rows: Sequence[Row]) -> None:
        """Add the columns that are new in these rows."""
        names = dict.fromkeys(name for row in rows for name in row.values)
        new = [name for name in names if name not in self._columns]
        if self._form.name == "csv" and self._columns and names.keys() != self._columns.keys():
            raise self._blame(path, self._unlike(list(names)))
        if not new:
            return
        uses = self._uses.of([*self._columns, *new])
        self._columns |= {name: self._column(name, uses[name]) for name in new}

    def _column(self, name: str, use: ColumnUse | None) -> Column:
        if use is None:
            return UnusedColumn()
        if self._form.name == "text":
            return TextColumn(name)
        if self._form.name == "json":
            return JsonColumn(name, use)
        is_text = use != "value" or name in (self._form.text_columns or ())
        return TextColumn(name) if is_text else SeparatedColumn(name)

    def _unlike(self, names: Sequence[str]) -> UnreadableError:
        def listed(columns: Sequence[str]) -> str:
            return ", ".join(f'"{name}"' for name in columns)

        return UnreadableError(
            f"it has the columns {listed(names)}, and the files before it "
            f"{listed(list(self._columns))}"
        )
