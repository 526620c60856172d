"""The columns of a plan's local source, as far as its config and its first file show."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from ftspec.columns import Columns, UnreadableError, csv_columns, json_columns, read_head
from ftspec.files import FileSearch, TooManyFilesError, folder_of_package
from ftspec.planning.plan import PlannedComponent

_LOCAL = ("csv", "json", "package", "parquet", "text")


class LocalColumns(NamedTuple):
    """What is known about the columns of a source.

    Attributes:
        source: the source, or the first local part of a mixture.
        path: the file that was read, if any.
        pattern: the path or pattern in the plan that led to the file.
        columns: ``None`` if they are not known.
        fault: why the file cannot be read in its format, or empty.
    """

    source: PlannedComponent
    path: Path | None = None
    pattern: str = ""
    columns: Columns | None = None
    fault: str = ""


def local_columns(source: PlannedComponent) -> LocalColumns | None:
    """What is known from the start of one file; ``None`` if the source is not local. The parts of a
    mixture have the same columns."""
    local = next(_local_parts(source), None)
    if local is None:
        return None
    columns = _told_by_config(local)
    # the standard library cannot read Parquet
    if columns is not None or _format_of(local) == "parquet":
        return LocalColumns(source=local, columns=columns)
    found = _first_file(local)
    if found is None:
        return LocalColumns(source=local)
    path, pattern = found
    try:
        columns, fault = _read(local, path), ""
    except UnreadableError as error:
        columns, fault = None, str(error)
    return LocalColumns(source=local, path=path, pattern=pattern, columns=columns, fault=fault)


def _local_parts(source: PlannedComponent) -> Iterator[PlannedComponent]:
    if source.type in _LOCAL:
        yield source
    for child in source.children.values():
        yield from _local_parts(child)


def _told_by_config(source: PlannedComponent) -> Columns | None:
    if _format_of(source) == "text":
        return {"text": {}}
    if source.type == "csv":
        names = getattr(source.config, "column_names", None)
        return {name: {} for name in names} if names is not None else None
    names = getattr(source.config, "columns", None)
    if names is None or "." in "".join(names):
        return None
    return dict.fromkeys(names)  # nested columns are not known


def _first_file(source: PlannedComponent) -> tuple[Path, str] | None:
    """The first file of the training split, as the engine finds it, and its pattern."""
    files: Any = getattr(source.config, "files", None)
    if isinstance(files, Mapping):
        files = files.get("train", next(iter(files.values()), None))
    folder = _folder_of(source)
    if folder is None:
        return None
    try:
        for written in [files] if isinstance(files, str) else files or ():
            pattern = os.path.join(folder, written)  # noqa: PTH118 - keeps absolute paths
            # a file name may contain brackets, which are special in a pattern
            for name in chain([pattern], sorted(FileSearch().find(pattern))):
                path = Path(name)
                if path.is_file():
                    return path, pattern
    # too many files to find the first, or a path that is too long or has a bad character
    except (TooManyFilesError, OSError, ValueError):
        pass
    return None


def _format_of(source: PlannedComponent) -> str:
    """The type, or the named format of files in a package."""
    return str(getattr(source.config, "format", source.type))


def _folder_of(source: PlannedComponent) -> str | None:
    """Where the paths of a source start; ``""`` if they are absolute."""
    if source.type != "package":
        return ""
    package = str(getattr(source.config, "package", ""))
    # finding a package inside another would run the code of the outer one
    folder = folder_of_package(package) if "." not in package else None
    return str(folder) if folder is not None else None


def _read(source: PlannedComponent, path: Path) -> Columns | None:
    head = read_head(path, getattr(source.config, "encoding", "utf-8"))
    if head is None:
        return None
    if _format_of(source) == "csv":
        return csv_columns(head, getattr(source.config, "delimiter", ","))
    return json_columns(head, getattr(source.config, "field", None))
