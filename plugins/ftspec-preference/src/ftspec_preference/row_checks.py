"""The findings of lint in the first rows of local files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ftspec.api import (
    Diagnostic,
    Document,
    LocalRow,
    Plan,
    RunError,
    Severity,
    SpecPath,
    labelled,
    local_rows,
)
from ftspec_preference.config import LARGEST_TEMPLATE, ConversationConfig, PreferenceConfig
from ftspec_preference.known_templates import KNOWN_TEMPLATES
from ftspec_preference.message_reader import MessageReader, read_system, read_tools
from ftspec_preference.messages import calls_tools
from ftspec_preference.row_reader import ANSWER_FIELDS, read_pair, read_talk

_TEMPLATE: SpecPath = ("preprocess", "template")
_FIELD_OF = {
    "tools": "tools",
    "functions": "tools",
    "system": "system",
    "system_prompt": "system",
}
"""Columns of public data sets that are fields of the tasks."""

_OPTIONAL = re.compile(
    r"""\{\?[^{}"']*:\s*(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')\s*\}""", re.DOTALL
)
_COLUMN = re.compile(r"(?<!\{)\{([^{}?]+)\}(?!\})")


def check_rows(plan: Plan, spans: Document, config: ConversationConfig) -> Iterator[Diagnostic]:
    """Every finding in the rows."""
    rows = local_rows(plan)
    if not rows:
        return
    yield from _unread_columns(plan, spans, rows)
    yield from _stray_text(plan, spans, rows)
    reader = MessageReader(config.roles)
    template = _text_of_template(config)
    has_calls = has_tools = False
    for row in _filled(plan, rows):
        try:
            talk = _read(reader, row, config)
            has_tools |= read_tools(row.fields.get("tools")) is not None
            read_system(row.fields.get("system"))
        except RunError as error:
            at = error.at if error.at and spans.node(error.at) is not None else _TEMPLATE
            yield Diagnostic(
                slug=error.slug,
                headline=f"{error.headline} ({row.where})",
                labels=labelled(spans.span(at)),
                helps=error.helps,
            )
            return
        has_calls |= talk
    if template is None:
        return
    if (has_tools or has_calls) and "tool" not in template:
        yield Diagnostic(
            slug="preference/template-tools",
            headline="the rows have tools, and the chat template does not write them",
            labels=labelled(spans.span(plan.task.at)),
            helps=("use a template that does, such as that of a checkpoint tuned to call tools",),
        )
    for remark in {one for shape in reader.shapes.values() for one in shape.remarks(template)}:
        yield Diagnostic(
            slug="preference/idle-message-key",
            severity=Severity.WARNING,
            headline=remark.removeprefix("warning: "),
            labels=labelled(spans.span(_TEMPLATE)),
        )


def _read(reader: MessageReader, row: LocalRow, config: ConversationConfig) -> bool:
    """Read a row as the task does. Returns whether it calls tools."""
    if isinstance(config, PreferenceConfig):
        pair = read_pair(reader, row.fields)
        return any(map(calls_tools, pair))
    return calls_tools(read_talk(reader, row.fields))


def _filled(plan: Plan, rows: Sequence[LocalRow]) -> Sequence[LocalRow]:
    """The rows, unless a column that they need is in none of them, which another check finds."""
    answers = [one.name for one in plan.task.component.fields if one.is_answer]
    needed = ["messages"] if "messages" in plan.template else ["prompt", *answers]
    if isinstance(plan.task.config, PreferenceConfig):
        needed = list(ANSWER_FIELDS)
    if not set(needed) <= set(plan.template):
        return ()
    is_there = all(any(row.fields[name] is not None for row in rows) for name in needed)
    return rows if is_there else ()


def _unread_columns(plan: Plan, spans: Document, rows: Sequence[LocalRow]) -> Iterator[Diagnostic]:
    """Report columns that belong to the conversation and that the template leaves out."""
    texts = "".join(plan.template.values())
    for column, field in _FIELD_OF.items():
        if field not in plan.template and not re.search(rf"\{{\??{column}\b", texts):
            row = _first_with(rows, column)
            if row is not None:
                yield _unread(spans, column, row, f'add {field}: "{{{column}}}" to the template')
    if re.search(r"\{instruction\b", texts) and not re.search(r"\{\??input\b", texts):
        row = _first_with(rows, "input")
        if row is not None:
            part = '{instruction}{?input: \\"\\\\n\\\\n{input}\\"}'
            yield _unread(spans, "input", row, f'write "{part}" in the template')


def _unread(spans: Document, column: str, row: LocalRow, help_: str) -> Diagnostic:
    return Diagnostic(
        slug="preference/unread-column",
        headline=f'the rows have "{column}", which the template leaves out ({row.where})',
        labels=labelled(spans.span(_TEMPLATE)),
        helps=(
            help_,
            'if it is not to be learned from, write "# ftspec: ignore[preference/unread-column]" '
            "at the end of this line",
        ),
    )


def _first_with(rows: Sequence[LocalRow], column: str) -> LocalRow | None:
    return next((row for row in rows if not _is_empty(row.columns.get(column))), None)


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip() in ("", "[]", "{}", "null")
    return value is None or value in ([], {})


def _stray_text(plan: Plan, spans: Document, rows: Sequence[LocalRow]) -> Iterator[Diagnostic]:
    """Report text around a column that is empty in some rows."""
    for field, text in plan.template.items():
        plain = _OPTIONAL.sub("", text)
        columns = _COLUMN.findall(plain)
        if f"{{{''.join(columns)}}}" == text:
            continue  # nothing around it
        for column in columns:
            empty = next((row for row in rows if _is_blank(row.columns.get(column, ""))), None)
            if empty is None or _first_with(rows, column) is None:
                continue
            yield Diagnostic(
                slug="preference/stray-text",
                severity=Severity.WARNING,
                headline=f'the column "{column}" is empty ({empty.where}), and the text around it '
                "remains",
                labels=labelled(spans.span((*_TEMPLATE, field))),
                helps=(
                    f'a part such as {{?{column}: "\\n{{{column}}}"}} is left out where the column '
                    "is empty",
                ),
            )


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text_of_template(config: ConversationConfig) -> str | None:
    """The chat template, if the spec has it."""
    if config.chat_template_file is not None:
        path = Path(config.chat_template_file)
        try:
            if not path.is_file():  # reading a pipe may never end
                return None
            with path.open("rb") as stream:
                return stream.read(LARGEST_TEMPLATE).decode(errors="replace")
        except (OSError, ValueError):
            return None
    known = KNOWN_TEMPLATES.get(config.chat_template or "")
    return known.text if known is not None else config.chat_template
