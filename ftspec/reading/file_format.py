"""How a file of rows is read: its format, encoding and dialect, as the config of a source says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FormatName = Literal["json", "csv", "parquet", "text"]
Quoting = Literal["minimal", "all", "nonnumeric", "none"]
SampleBy = Literal["line", "paragraph", "document"]

FORMATS: dict[str, FormatName] = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".psv": "csv",
    ".tab": "csv",
    ".tsv": "csv",
    ".txt": "text",
}
"""The format of a file without a source that says it, by the ending of its name."""

_DELIMITERS = {".tsv": "\t", ".tab": "\t", ".psv": "|"}
_COMPRESSED = {".bz2", ".gz", ".lz4", ".xz", ".zip", ".zst"}


class UnreadableError(ValueError):
    """A file does not have its format. The text says why, and on which line if possible."""

    def __init__(self, reason: str, *helps: str) -> None:
        super().__init__(reason)
        self.helps = helps


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """The format of the files of a source, and its options.

    Attributes:
        delimiter: of separated values; by default, that of the ending of the file's name.
        column_names: of files without a header line.
        quoting: whether quotes are special, in the words of the ``csv`` module. By default they
            are, except in tab-separated files where they are not balanced.
        key: the key of the rows, if a JSON file is a single object.
        text_columns: columns of separated values that are text, whatever is in them.
        columns: of a Parquet file; all by default.
    """

    name: FormatName
    encoding: str = "utf-8"
    delimiter: str | None = None
    column_names: Sequence[str] | None = None
    quoting: Quoting | None = None
    quotechar: str = '"'
    escapechar: str | None = None
    text_columns: Sequence[str] | None = None
    key: str | None = None
    sample_by: SampleBy = "line"
    columns: Sequence[str] | None = None

    def delimiter_of(self, path: Path) -> str:
        """The delimiter of a file."""
        return self.delimiter or _DELIMITERS.get(ending_of(path), ",")


def ending_of(path: Path) -> str:
    """The ending of a file's name in lower case, without that of its compression."""
    endings = [ending.lower() for ending in path.suffixes]
    while len(endings) > 1 and endings[-1] in _COMPRESSED:
        endings.pop()
    return endings[-1] if endings else ""
