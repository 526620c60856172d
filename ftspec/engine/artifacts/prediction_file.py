"""The file of predictions: rows are written beside its place, and it is there when it is whole.

A command that is killed leaves the rows that it has predicted, and the same command goes on from
there.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
from filelock import FileLock, Timeout
from pyarrow import parquet

from ftspec.errors import UsageError
from ftspec.escaping import visible_json

Row = Mapping[str, Any]
_ROWS_AT_ONCE = 100
"""A kill costs at most so many rows."""


class PredictionFile:
    """The file of one command. Use it in a ``with`` block; :meth:`finish` makes the file.

    Attributes:
        begun: how many rows an earlier command with the same ``identity`` has written.
    """

    def __init__(self, output: Path, identity: str) -> None:
        self._output = output
        self._write_whole = FORMATS[output.suffix]
        self._part = output.with_name(f".{output.name}.part")
        self._lock = FileLock(output.with_name(f".{output.name}.lock"))
        self._identity = identity
        self.begun = 0

    def __enter__(self) -> PredictionFile:
        if not self._output.parent.is_dir():
            raise UsageError(f'cannot write "{self._output}": there is no such folder')
        try:
            self._lock.acquire(timeout=0)
            self.begun = _whole_rows(self._part, self._identity)
            self._stream = self._part.open("a" if self.begun else "w", encoding="utf-8")
            if not self.begun:
                self._add({"identity": self._identity})
        except Timeout:
            raise UsageError(f'another process writes "{self._output}"') from None
        except OSError as error:
            raise UsageError(f'cannot write "{self._output}": {error.strerror}') from None
        self._count = self.begun
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()
        if not self._count:  # a mistake that shows before the first row leaves nothing
            self._part.unlink(missing_ok=True)
        with suppress(OSError):  # before it is released: who opens it later has another file
            Path(self._lock.lock_file).unlink()
        self._lock.release()

    def write(self, row: Row) -> None:
        """Add a row."""
        self._add(row)
        self._count += 1
        if self._count % _ROWS_AT_ONCE == 0:
            self._stream.flush()

    def finish(self) -> None:
        """Make the file of all rows.

        Raises:
            OSError: it cannot be written.
        """
        self._stream.flush()
        new = self._output.with_name(f".{self._output.name}.new")
        self._write_whole(new, lambda: _rows_in(self._part))
        with new.open("rb") as stream:
            os.fsync(stream.fileno())
        new.replace(self._output)
        self._part.unlink()

    def _add(self, value: Row) -> None:
        self._stream.write(_as_line(value))


def _whole_rows(part: Path, identity: str) -> int:
    """How many rows of the same command are there. What a kill cut off is removed."""
    if not part.is_file():
        return 0
    content = part.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    first, _, rest = whole.partition(b"\n")
    try:
        is_same = json.loads(first) == {"identity": identity}
    except ValueError:
        is_same = False
    if not is_same:
        return 0
    if len(whole) < len(content):
        os.truncate(part, len(whole))
    return rest.count(b"\n")


def _rows_in(part: Path) -> Iterator[dict[str, Any]]:
    with part.open(encoding="utf-8") as stream:
        next(stream)
        for line in stream:
            yield json.loads(line)


ReadRows = Callable[[], Iterator[dict[str, Any]]]


def _write_lines(path: Path, rows: ReadRows) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for row in rows():
            stream.write(_as_line(row))


def _write_array(path: Path, rows: ReadRows) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write("[")
        for number, row in enumerate(rows()):
            stream.write(("\n" if number == 0 else ",\n") + _as_line(row).rstrip())
        stream.write("\n]\n")


def _write_csv(path: Path, rows: ReadRows) -> None:
    columns = _columns_of(rows)
    # half of a character, which JSON may hold, has no other form
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        for row in rows():
            writer.writerow({name: _cell(value) for name, value in _flat(row)})


def _write_parquet(path: Path, rows: ReadRows) -> None:
    columns = _columns_of(rows)
    table = pa.Table.from_pylist([{**dict.fromkeys(columns), **dict(_flat(row))} for row in rows()])
    parquet.write_table(table, path)


FORMATS: Mapping[str, Callable[[Path, ReadRows], None]] = {
    ".jsonl": _write_lines,
    ".json": _write_array,
    ".csv": _write_csv,
    ".parquet": _write_parquet,
}
"""By the ending of a file, what writes it."""


def _columns_of(rows: ReadRows) -> list[str]:
    return list(dict.fromkeys(name for row in rows() for name, _ in _flat(row)))


def _flat(row: Row) -> Iterator[tuple[str, Any]]:
    """The columns of a table: the scores of classes have one each."""
    for name, value in row.items():
        if name == "scores" and isinstance(value, dict):
            yield from ((f"scores.{label}", score) for label, score in value.items())
        else:
            yield name, value


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


def _as_line(row: Row) -> str:
    return visible_json(json.dumps(row, ensure_ascii=False)) + "\n"
