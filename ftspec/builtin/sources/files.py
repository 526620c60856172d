"""Sources of files on this machine, read by the builders of ``datasets``."""

from __future__ import annotations

import csv
import glob
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
from datasets.exceptions import DatasetGenerationError

from ftspec.api import Context, RunError, SpecPath, in_one_line, sha256_of
from ftspec.builtin.sources.config import (
    CsvConfig,
    JsonConfig,
    Names,
    ParquetConfig,
    TextConfig,
)

DEFAULT_SPLIT = "train"


class FileSource:
    """Rows of files in one format. Without split names, all rows are in the split ``train``."""

    def __init__(self, format_name: str, files: Names, at: SpecPath, **options: Any) -> None:
        self._format = format_name
        self._files = _by_split(files)
        self._at = at
        self._options = options

    def split_names(self) -> Sequence[str]:
        """The splits that the spec names, or ``train``."""
        return list(self._files)

    def load(self, split: str) -> datasets.Dataset:
        """The rows of a split, in the order of its files."""
        paths = self._paths(split)
        content = "".join(sha256_of(Path(path)) for path in paths)
        try:
            return datasets.load_dataset(
                self._format,
                # datasets compares only times, and could reuse the rows of a rewritten file
                name=hashlib.sha256(content.encode()).hexdigest()[:16],
                # datasets reads names as patterns, in which brackets are special
                data_files={split: [glob.escape(path) for path in paths]},
                split=split,
                **self._options,
            )
        except (DatasetGenerationError, ValueError, TypeError, StopIteration) as error:
            raise RunError(
                f"cannot read the files of the {split} split as {self._format}: "
                f"{_reason(error.__cause__ or error)}",
                slug="unreadable-data",
                at=self._at,
                helps=self._helps(paths, error.__cause__ or error),
            ) from error

    def identity(self) -> Mapping[str, Any]:
        """The SHA-256 of every file."""
        paths = [path for split in self._files for path in self._paths(split)]
        return {"files": {path: sha256_of(Path(path)) for path in dict.fromkeys(paths)}}

    def _helps(self, paths: Sequence[str], error: BaseException) -> tuple[str, ...]:
        if isinstance(error, UnicodeDecodeError):
            return (
                ('set the encoding, for example "encoding: latin-1"',)
                if "encoding" in self._options
                else ()
            )
        if self._format == "csv":
            return _long_row(paths, self._options)
        return _bad_lines(paths) if self._format == "json" else ()

    def _paths(self, split: str) -> list[str]:
        paths = [path for pattern in self._files[split] for path in _matches(pattern)]
        if not paths:
            raise RunError(
                f'no file matches "{", ".join(self._files[split])}"',
                slug="missing-file",
                at=self._at,
            )
        return paths


def json_source(config: JsonConfig, context: Context) -> FileSource:
    """JSON lines, or a JSON array of objects."""
    options = {"field": config.field} if config.field is not None else {}
    return FileSource("json", config.files, (*context.section, "files"), **options)


def csv_source(config: CsvConfig, context: Context) -> FileSource:
    """Separated values."""
    options: dict[str, Any] = {"sep": config.delimiter, "encoding": config.encoding}
    if config.column_names is not None:
        options["column_names"] = config.column_names
    return FileSource("csv", config.files, (*context.section, "files"), **options)


def parquet_source(config: ParquetConfig, context: Context) -> FileSource:
    """Parquet."""
    options = {"columns": config.columns} if config.columns is not None else {}
    return FileSource("parquet", config.files, (*context.section, "files"), **options)


def text_source(config: TextConfig, context: Context) -> FileSource:
    """Plain text."""
    return FileSource(
        "text",
        config.files,
        (*context.section, "files"),
        sample_by=config.sample_by,
        encoding=config.encoding,
    )


def _matches(pattern: str) -> list[str]:
    if Path(pattern).is_file():  # a file name may contain brackets, which are special in a pattern
        return [pattern]
    return sorted(path for path in glob.glob(pattern, recursive=True) if Path(path).is_file())


def _by_split(files: Names) -> dict[str, list[str]]:
    if isinstance(files, dict):
        return {split: _as_list(names) for split, names in files.items()}
    return {DEFAULT_SPLIT: _as_list(files)}


def _as_list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _bad_lines(paths: Sequence[str]) -> tuple[str, ...]:
    """The place of the first line that is not JSON: Arrow does not name the file or, in a long
    file, the line."""
    for path in paths:
        with Path(path).open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if number == 1 and line.startswith(b"["):
                    break  # an array over many lines
                try:
                    json.loads(line.strip() or "null")
                except ValueError as error:
                    why = getattr(error, "msg", "it is not UTF-8 text")
                    return (f'line {number} of "{path}": {why}',)
    return ()


def _long_row(paths: Sequence[str], options: Mapping[str, Any]) -> tuple[str, ...]:
    """The place of the first row with more values than there are columns."""
    for path in paths:
        with Path(path).open(encoding=options["encoding"], newline="") as stream:
            rows = csv.reader(stream, delimiter=options["sep"])
            names = options.get("column_names") or next(filter(None, rows), ())
            for row in rows:
                if len(row) > len(names):
                    line = f'line {rows.line_num} of "{path}"'
                    return (f"{line} has {len(row)} values, and there are {len(names)} columns",)
    return ()


def _reason(error: BaseException) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"they are not {error.encoding} text"
    if "Error tokenizing data" in str(error):
        return "a row has more values than there are columns"
    if "No columns to parse" in str(error):
        return "they have no header line"
    if isinstance(error, StopIteration) or "corresponds to no data" in str(error):
        return "they have no rows"
    if isinstance(error, KeyError):
        return f'there is no key "{error.args[0]}"'
    return in_one_line(error)
