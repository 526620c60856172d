"""The values of a field in the first rows of a plan's local source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ftspec.planning.local_columns import LocalColumns, local_columns
from ftspec.planning.plan import Plan
from ftspec.spec.column_path import MissingColumnError, NotTextError
from ftspec.spec.template import Template, parse_template

_KEEPING = {"filter", "deduplicate"}  # transforms that leave the values as they are


class LocalValues(NamedTuple):
    """The values of a field, as a run would get them.

    Attributes:
        values: those of the first rows, without the missing ones.
        missing: the place of the first row without a value that no filter drops, or empty.
        is_whole: whether there are no more rows.
    """

    values: list[Any]
    missing: str
    is_whole: bool


def local_values(plan: Plan, field: str) -> LocalValues | None:
    """The values of a field; ``None`` if the first rows do not show them: the source is not local,
    or a transform of a plugin may change them."""
    known = local_columns(plan.source)
    if known is None or known.sample is None or field not in plan.template:
        return None
    if any(transform.type not in _KEEPING for transform in plan.transforms):
        return None
    template = parse_template(plan.template[field])
    rows = known.sample.rows
    try:
        if known.sample.columns is not None and template.bare_column is not None:
            written = [row.values.get(template.bare_column) for row in rows]
            found: list[Any] = _converted(written, template.bare_column, known)
        else:
            found = [_render(template, row.values) for row in rows]
    except NotTextError:
        return None
    if all(value is None for value in found):
        return None  # there is no such column, which another check finds
    missing = "" if _drops_missing(plan, template.columns) else _first_missing(found, known)
    values = [value for value in found if value is not None]
    return LocalValues(values, missing, known.sample.is_whole and _is_one_file(known))


def _converted(written: list[Any], column: str, known: LocalColumns) -> list[Any]:
    """The values of a CSV file, which does not say which type a column has."""
    if column in (getattr(known.source.config, "text_columns", None) or ()):
        return written
    from ftspec.reading.kinds import kind_of_all  # only for such a file

    kind = kind_of_all(written)
    return [kind.convert(value) for value in written]


def _render(template: Template, row: Mapping[str, Any]) -> Any:
    try:
        return template.render(row)
    except MissingColumnError:  # a row of JSON without the key
        return None


def _drops_missing(plan: Plan, columns: tuple[str, ...]) -> bool:
    return any(
        transform.type == "filter" and getattr(transform.config, "column", None) in columns
        for transform in plan.transforms
    )


def _first_missing(values: list[Any], known: LocalColumns) -> str:
    assert known.sample is not None
    rows = zip(values, known.sample.rows, strict=True)
    return next((row.where for value, row in rows if value is None), "")


def _is_one_file(known: LocalColumns) -> bool:
    """Whether the training rows are all in the file that was read."""
    files = getattr(known.source.config, "files", None)
    if isinstance(files, Mapping):
        files = files.get("train")
    names = [files] if isinstance(files, str) else files or ()
    return len(names) == 1 and str(known.path) == known.pattern
