"""Which source reads a file of rows for prediction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ftspec.components import SOURCE
from ftspec.errors import UsageError
from ftspec.planning.local_columns import file_format_of, local_parts
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.reading.file_format import FORMATS, ending_of
from ftspec.registry.registry import Registry


class RowSource(NamedTuple):
    """The source of the rows of one file.

    Attributes:
        is_plain_text: each row is a text, which takes the place of the spec's column.
    """

    source: PlannedComponent
    is_plain_text: bool


def source_of(file: Path, plan: Plan, registry: Registry) -> RowSource:
    """The source that reads a file: that of the spec, with all its options, if its files have the
    same ending, and otherwise one of the format of the ending.

    Raises:
        UsageError: no source has this ending.
    """
    ending = ending_of(file)
    parts = list(local_parts(plan.source))
    alike = [part for part in parts if ending in _endings(part)]
    if not ending and len(parts) == 1:
        alike = parts
    if alike:
        # the paths of a package begin in its folder
        path = file.absolute() if alike[0].type == "package" else file
        changes: dict[str, object] = {"files": str(path)}
        if getattr(alike[0].config, "columns", None) is not None:
            changes["columns"] = None  # a file for prediction need not have the answers
        source = replace(alike[0], config=alike[0].config.model_copy(update=changes), at=())
        return RowSource(source, is_plain_text=False)
    if ending not in FORMATS:
        known = ", ".join(FORMATS)
        raise UsageError(f'"{file}" has an unknown format; expected one of {known}')
    registered = registry.get(SOURCE, FORMATS[ending])
    assert registered is not None
    component = registered.component
    config = component.config.model_validate({"files": str(file)})
    source = PlannedComponent(
        component=component, config=config, plugin=registered.plugin.name, at=()
    )
    return RowSource(source, is_plain_text=FORMATS[ending] == "text")


def _endings(source: PlannedComponent) -> set[str]:
    """The endings of the files of a source; without one, that of its format."""
    form = file_format_of(source)
    written = {ending_of(Path(one)) for one in _names(getattr(source.config, "files", ()))}
    plain = {ending for ending in written if ending.strip(".*")}
    return plain or {ending for ending, name in FORMATS.items() if form and name == form.name}


def _names(files: object) -> Iterator[str]:
    if isinstance(files, str):
        yield files
    elif isinstance(files, dict):
        for below in files.values():
            yield from _names(below)
    elif isinstance(files, list):
        yield from map(str, files)
