"""Sources of files on this machine."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
from datasets.exceptions import DatasetGenerationError

from ftspec.api import (
    Context,
    FileFormat,
    RunError,
    UnreadableError,
    in_one_line,
    require_few_columns,
    sha256_of,
)
from ftspec.builtin.sources.config import FilesConfig, Names
from ftspec.builtin.sources.row_table import RowTable

DEFAULT_SPLIT = "train"
_END_OF_PARQUET = 8  # bytes: the size of what describes the file, and four letters
_LARGEST_FOOTER = 100_000_000  # bytes


class FileSource:
    """Rows of files in one format. Without split names, all rows are in the split ``train``."""

    def __init__(self, form: FileFormat, files: Names, context: Context) -> None:
        self._form = form
        self._files = _by_split(files)
        self._at = (*context.section, "files")
        self._note = context.note
        self._uses = context.columns
        self._loaded: dict[str, datasets.Dataset] = {}

    def split_names(self) -> Sequence[str]:
        """The splits that the spec names, or ``train``."""
        return list(self._files)

    def load(self, split: str) -> datasets.Dataset:
        """The rows of a split, in the order of its files."""
        if split not in self._loaded:
            paths = self._paths(split)
            load = self._load_parquet if self._form.name == "parquet" else self._load_rows
            self._loaded[split] = load(paths, split)
        return self._loaded[split]

    def identity(self) -> Mapping[str, Any]:
        """The SHA-256 of every file."""
        paths = [path for split in self._files for path in self._paths(split)]
        return {"files": {path: sha256_of(Path(path)) for path in dict.fromkeys(paths)}}

    def _load_rows(self, paths: Sequence[str], split: str) -> datasets.Dataset:
        table = RowTable([Path(path) for path in paths], self._form, self._uses, self._unreadable)
        table.learn()
        if table.is_empty:
            raise self._error(", ".join(f'"{path}"' for path in paths), "there are no rows")
        self._remark_on(table)
        for name in table.numbers_as_text:
            self._note(f'"{name}" has only numbers, and is read as text, as the template uses it')
        content = [*map(sha256_of, map(Path, paths)), repr(self._form), repr(self._uses)]
        name = hashlib.sha256("\n".join(content).encode()).hexdigest()
        folder = Path(datasets.config.HF_DATASETS_CACHE, "ftspec")
        return table.write(folder / f"{name}.arrow")

    def _load_parquet(self, paths: Sequence[str], split: str) -> datasets.Dataset:
        for path in paths:
            self._require_few_columns(Path(path))
        content = "".join(sha256_of(Path(path)) for path in paths)
        columns = self._form.columns
        try:
            return datasets.load_dataset(
                "parquet",
                # datasets compares only times, and could reuse the rows of a rewritten file
                name=hashlib.sha256(content.encode()).hexdigest()[:16],
                # datasets reads names as patterns, in which brackets are special
                data_files={split: [glob.escape(path) for path in paths]},
                split=split,
                **({"columns": list(columns)} if columns is not None else {}),
            )
        except (DatasetGenerationError, ValueError, TypeError, StopIteration) as error:
            shown = ", ".join(f'"{path}"' for path in paths)
            raise self._error(shown, in_one_line(error.__cause__ or error)) from error

    def _require_few_columns(self, path: Path) -> None:
        """Look at the end of a Parquet file, which names its columns, before anything reads it."""
        try:
            if _size_of_footer(path) > _LARGEST_FOOTER:
                raise UnreadableError(f"it describes its columns in over {_LARGEST_FOOTER:,} bytes")
            require_few_columns(pq.read_schema(path).names)
        except UnreadableError as error:
            raise self._unreadable(path, error) from None
        except (OSError, pa.ArrowException) as error:
            raise self._error(f'"{path}"', in_one_line(error)) from error

    def _remark_on(self, table: RowTable) -> None:
        """Say what is odd in the files.

        Raises:
            RunError: a column that the spec uses is in a header twice.
        """
        for path, file in table.files.items():
            uses = self._uses.of(file.columns or ())
            for remark in file.remarks:
                used = [name for name in remark.columns if uses.get(name) is not None]
                if used and self._uses.named:
                    raise RunError(
                        f'the header of "{path}" names the column "{used[0]}" more than once',
                        slug="duplicate-column",
                        at=self._at,
                        helps=("rename one of them",),
                    )
                self._note("; ".join(filter(None, [f'in "{path}", {remark.text}', remark.help])))

    def _unreadable(self, path: Path, error: UnreadableError) -> RunError:
        return self._error(f'"{path}"', str(error), *error.helps)

    def _error(self, shown: str, why: str, *helps: str) -> RunError:
        return RunError(
            f"cannot read {shown} as {self._form.name}: {why}",
            slug="unreadable-data",
            at=self._at,
            helps=helps,
        )

    def _paths(self, split: str) -> list[str]:
        paths = [path for pattern in self._files[split] for path in _matches(pattern)]
        if not paths:
            raise RunError(
                f'no file matches "{", ".join(self._files[split])}"',
                slug="missing-file",
                at=self._at,
            )
        return paths


def _size_of_footer(path: Path) -> int:
    """In bytes, as the end of a Parquet file says; 0 of a file that is none."""
    with path.open("rb") as stream:
        if stream.seek(0, os.SEEK_END) < _END_OF_PARQUET:
            return 0
        stream.seek(-_END_OF_PARQUET, os.SEEK_END)
        size, end = stream.read(4), stream.read(4)
    return int.from_bytes(size, "little") if end == b"PAR1" else 0


def file_source(config: FilesConfig, context: Context) -> FileSource:
    """The files of a format."""
    return FileSource(config.file_format(), config.files, context)


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
