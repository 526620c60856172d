"""Templates: text with ``{column}`` placeholders over a row. Nothing else is evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<column>[^{}]*)\}|[{}]")


class TemplateError(ValueError):
    """The text is not a template."""


class MissingColumnError(KeyError):
    """A row does not have the column."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A column of the row, dotted for a nested value: ``translation.en``."""

    column: str


@dataclass(frozen=True, slots=True)
class Template:
    """The parts of a template in order: literal text and placeholders."""

    parts: tuple[str | Placeholder, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the template, each once, in order."""
        named = (part.column for part in self.parts if isinstance(part, Placeholder))
        return tuple(dict.fromkeys(named))

    @property
    def bare_column(self) -> str | None:
        """The column of a template that is a single placeholder: its value keeps its type."""
        only = self.parts[0] if len(self.parts) == 1 else None
        return only.column if isinstance(only, Placeholder) else None

    @property
    def prefix(self) -> str:
        """The literal text before the first placeholder."""
        first = self.parts[0] if self.parts else ""
        return first if isinstance(first, str) else ""

    def render(self, row: Mapping[str, Any]) -> Any:
        """The value for one row: text, or the column's own value if the template is a single
        placeholder.

        Raises:
            MissingColumnError: the row does not have the column.
        """
        if self.bare_column is not None:
            return value_of(row, self.bare_column)
        return "".join(
            part if isinstance(part, str) else _as_text(value_of(row, part.column))
            for part in self.parts
        )

    def render_column(self, columns: Mapping[str, Sequence[Any]], count: int) -> list[Any]:
        """The values for ``count`` rows, from the values of each column of the template."""
        if self.bare_column is not None:
            return list(columns[self.bare_column])
        if not self.columns:
            return ["".join(str(part) for part in self.parts)] * count
        pieces = [
            repeat(part) if isinstance(part, str) else map(_as_text, columns[part.column])
            for part in self.parts
        ]
        return ["".join(row) for row in zip(*pieces, strict=False)]  # literals repeat forever


def parse_template(text: str) -> Template:
    """Parse ``text``.

    Raises:
        TemplateError: an unmatched brace, or a placeholder without a name.
    """
    parts: list[str | Placeholder] = []
    literal = ""
    position = 0
    for match in _TOKEN.finditer(text):
        literal += text[position : match.start()]
        position = match.end()
        column = match["column"]
        if column is None:
            if match.group() not in ("{{", "}}"):
                raise TemplateError(
                    f'the "{match.group()}" at character {match.start() + 1} is unmatched; '
                    f'write "{match.group() * 2}" for a literal brace'
                )
            literal += match.group()[0]
            continue
        if not column.strip() or column != column.strip():
            raise TemplateError(
                f'"{match.group()}" names no column; write "{{{{" and "}}}}" for literal braces'
            )
        if literal:
            parts.append(literal)
            literal = ""
        parts.append(Placeholder(column))
    literal += text[position:]
    if literal:
        parts.append(literal)
    return Template(tuple(parts))


def value_of(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column. A dotted name reads a nested value.

    Raises:
        MissingColumnError: the row does not have the column.
    """
    if column in row:
        return row[column]
    value: Any = row
    for step in column.split("."):
        if not isinstance(value, Mapping) or step not in value:
            raise MissingColumnError(column)
        value = value[step]
    return value


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)
