"""Templates: text with ``{column}`` placeholders over a row. Nothing else is evaluated.

A part such as ``{?input: "\\n{input}"}`` is a template of its own, which is left out where the
column is empty or missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from ftspec.spec.column_path import (
    MissingColumnError,
    as_text,
    is_empty,
    value_of,
    without_mark,
)

_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<column>[^{}]*)\}|[{}]")
_OPTIONAL = re.compile(
    r"""\{\?\s*(?P<column>[^{}"'\s](?:[^{}"']*[^{}"'\s])?)\s*:\s*
    (?P<quote>["'])(?P<text>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)\s*\}""",
    re.DOTALL | re.VERBOSE,
)
_BROKEN_OPTIONAL = re.compile(r"""\{\?[^{}"']*:\s*["']""")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_DEEPEST = 10  # optional parts inside each other


class TemplateError(ValueError):
    """The text is not a template."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A column of the row, as ``ftspec.spec.column_path`` reads it."""

    column: str


@dataclass(frozen=True, slots=True)
class OptionalPart:
    """A template that is left out where a column is empty or missing."""

    column: str
    template: Template


@dataclass(frozen=True, slots=True)
class Template:
    """The parts of a template in order: literal text, placeholders and optional parts."""

    parts: tuple[str | Placeholder | OptionalPart, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the template, each once, in order."""
        named: list[str] = []
        for part in self.parts:
            if isinstance(part, Placeholder):
                named.append(part.column)
            elif isinstance(part, OptionalPart):
                named += [part.column, *part.template.columns]
        return tuple(dict.fromkeys(named))

    @property
    def needed_columns(self) -> tuple[str, ...]:
        """The columns that a row must have: those outside of optional parts."""
        needed = (part.column for part in self.parts if isinstance(part, Placeholder))
        return tuple(dict.fromkeys(needed))

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

    @property
    def text_of_empty_row(self) -> str:
        """The text for a row whose columns are all empty."""
        if self.bare_column is not None:
            return ""
        return str(self.render_column({column: [None] for column in self.columns}, 1)[0])

    def render(self, row: Mapping[str, Any]) -> Any:
        """The value for one row: text, or the column's own value if the template is a single
        placeholder.

        Raises:
            MissingColumnError: the row does not have the column.
            NotTextError: a text would contain a list or a mapping.
        """
        if self.bare_column is not None:
            return without_mark(value_of(row, self.bare_column))
        return "".join(_render_part(part, row) for part in self.parts)

    def render_column(self, columns: Mapping[str, Sequence[Any]], count: int) -> list[Any]:
        """The values for ``count`` rows, from the values of each column of the template.

        Raises:
            NotTextError: a text would contain a list or a mapping.
        """
        if self.bare_column is not None:
            return list(map(without_mark, columns[self.bare_column]))
        if not self.columns:
            return ["".join(str(part) for part in self.parts)] * count
        pieces = [_render_pieces(part, columns, count) for part in self.parts]
        return ["".join(row) for row in zip(*pieces, strict=False)]  # literals repeat forever


def _render_part(part: str | Placeholder | OptionalPart, row: Mapping[str, Any]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Placeholder):
        return as_text(value_of(row, part.column), part.column)
    try:
        if is_empty(value_of(row, part.column)):
            return ""
    except MissingColumnError:
        return ""
    return "".join(_render_part(inner, row) for inner in part.template.parts)


def _render_pieces(
    part: str | Placeholder | OptionalPart, columns: Mapping[str, Sequence[Any]], count: int
) -> Any:
    if isinstance(part, str):
        return repeat(part)
    if isinstance(part, Placeholder):
        return map(as_text, columns[part.column], repeat(part.column))
    template = part.template
    kept = [index for index, one in enumerate(columns[part.column]) if not is_empty(one)]
    some = {name: [columns[name][index] for index in kept] for name in template.columns}
    pieces = [_render_pieces(inner, some, len(kept)) for inner in template.parts]
    texts = [""] * count
    for index, row in zip(kept, zip(*pieces, strict=False), strict=False):
        texts[index] = "".join(row)
    return texts


def parse_template(text: str) -> Template:
    """Parse ``text``.

    Raises:
        TemplateError: an unmatched brace, or a placeholder without a name.
    """
    return _parse(text, 0)


def _parse(text: str, depth: int) -> Template:
    if depth > _DEEPEST:
        raise TemplateError(f"more than {_DEEPEST} optional parts are inside each other")
    parts: list[str | Placeholder | OptionalPart] = []
    literal = ""
    position = 0
    while (match := _TOKEN.search(text, position)) is not None:
        literal += text[position : match.start()]
        optional = _match_optional(text, match)
        position = (optional or match).end()
        part = _parse_part(match, optional, depth)
        if isinstance(part, str):
            literal += part
            continue
        parts += [literal, part] if literal else [part]
        literal = ""
    literal += text[position:]
    return Template((*parts, literal) if literal else tuple(parts))


def _parse_part(
    match: re.Match[str], optional: re.Match[str] | None, depth: int
) -> str | Placeholder | OptionalPart:
    if optional is not None:
        inner = _ESCAPE.sub(_unescape, optional["text"])
        return OptionalPart(optional["column"], _parse(inner, depth + 1))
    column, written = match["column"], match.group()
    if column is None:
        if written not in ("{{", "}}"):
            raise TemplateError(
                f'the "{written}" at character {match.start() + 1} is unmatched; '
                f'write "{written * 2}" for a literal brace'
            )
        return written[0]
    if not column.strip() or column != column.strip():
        raise TemplateError(
            f'"{written}" names no column; write "{{{{" and "}}}}" for literal braces'
        )
    return Placeholder(column)


def _match_optional(text: str, token: re.Match[str]) -> re.Match[str] | None:
    """The optional part that begins at a token."""
    optional = _OPTIONAL.match(text, token.start())
    if optional is None and _BROKEN_OPTIONAL.match(text, token.start()):
        raise TemplateError(
            f"the optional part at character {token.start() + 1} does not end; write, for example, "
            '{?column: "text {column}"}'
        )
    return optional


def _unescape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match.group())
