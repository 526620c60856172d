"""The first rows and the columns of a plan's local source, as far as its config and its first file
show."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ftspec.columns import Columns, columns_of
from ftspec.files import FileSearch, TooManyFilesError, folder_of_package
from ftspec.planning.plan import PlannedComponent

if TYPE_CHECKING:
    from ftspec.reading.file_format import FileFormat
    from ftspec.reading.row_file import Sample


class LocalColumns(NamedTuple):
    """What is known about the columns of a source.

    Attributes:
        source: the source, or the first local part of a mixture.
        path: the file that was read, if any.
        pattern: the path or pattern in the plan that led to the file.
        columns: ``None`` if they are not known.
        sample: the first rows of the file, if it was read.
        fault: why the file cannot be read in its format, or empty.
        helps: what to do about the fault.
    """

    source: PlannedComponent
    path: Path | None = None
    pattern: str = ""
    columns: Columns | None = None
    sample: Sample | None = None
    fault: str = ""
    helps: tuple[str, ...] = ()


def local_columns(source: PlannedComponent) -> LocalColumns | None:
    """What is known from the start of one file; ``None`` if the source is not local. The parts of a
    mixture have the same columns."""
    local = next(local_parts(source), None)
    if local is None:
        return None
    form = file_format_of(local)
    assert form is not None
    if form.name == "parquet":  # the standard library cannot read it
        has_plain = form.columns is not None and "." not in "".join(form.columns)
        # nested columns are not known
        columns = dict.fromkeys(form.columns or ()) if has_plain else None
        return LocalColumns(source=local, columns=columns)
    found = _first_file(local)
    columns = dict.fromkeys(["text"]) if form.name == "text" else None
    if found is None:
        return LocalColumns(source=local, columns=columns)
    path, pattern = found
    known = LocalColumns(source=local, path=path, pattern=pattern, columns=columns)
    from ftspec.reading.file_format import UnreadableError

    try:
        sample = _sample(path, form)
    except UnreadableError as error:
        return known._replace(fault=str(error), helps=error.helps)
    if sample is None:
        return known
    return known._replace(columns=columns_of(sample), sample=sample)


def file_format_of(source: PlannedComponent) -> FileFormat | None:
    """How the files of a source are read, if it is one of local files."""
    if not hasattr(source.config, "file_format"):
        return None
    form: FileFormat = source.config.file_format()
    return form


def local_parts(source: PlannedComponent) -> Iterator[PlannedComponent]:
    """The source or the parts of it that read local files."""
    if file_format_of(source) is not None:
        yield source
    for child in source.children.values():
        yield from local_parts(child)


def _sample(path: Path, form: FileFormat) -> Sample | None:
    try:
        state = path.stat()
    except (OSError, ValueError):
        return None
    return _read(path, form, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)  # each check asks, and lint does for each profile
def _read(path: Path, form: FileFormat, changed: int, size: int) -> Sample | None:
    # not for the specs without a local file, which are linted in less time
    from ftspec.reading.row_file import RowFile

    return RowFile(path, form).sample()


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


def _folder_of(source: PlannedComponent) -> str | None:
    """Where the paths of a source start; ``""`` if they are absolute."""
    if source.type != "package":
        return ""
    package = str(getattr(source.config, "package", ""))
    # finding a package inside another would run the code of the outer one
    folder = folder_of_package(package) if "." not in package else None
    return str(folder) if folder is not None else None
