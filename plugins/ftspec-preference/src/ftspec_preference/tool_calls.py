"""Tools, and calls of tools, in the form that chat templates take: ``{type: function, function:
{name: …, …}}`` with JSON values, where data often has texts of JSON."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

_MAY_BE_NULL = ("const", "default", "example")  # keywords of JSON Schema


class NotToolsError(ValueError):
    """A value is not a list of tools, or of calls of tools."""


def parsed(text: str) -> Any:
    """The value of a text of JSON, or of a Python literal, which pandas writes into CSV files.

    Raises:
        ValueError: it is neither.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ValueError("neither JSON nor a literal") from None


def tools_of(value: Any) -> list[dict[str, Any]] | None:
    """The tools of a row, if it has any.

    Raises:
        NotToolsError: the value is something else.
    """
    if isinstance(value, str):
        value = _parsed(value, "tools") if value.strip() else None
    if not value:
        return None
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, Sequence) or not all(isinstance(one, Mapping) for one in value):
        raise NotToolsError(f'tools must be a list of mappings, found "{str(value)[:80]}"')
    return [_tool_of(one) for one in value]


def calls_of(value: Any, *, has_gaps: bool) -> list[dict[str, Any]]:
    """The calls of a message. Their arguments are values, not JSON: a template would write a text
    of JSON as a quoted text. With ``has_gaps``, ``None`` stands for arguments that a call does not
    have.

    Raises:
        NotToolsError: the value is something else.
    """
    if isinstance(value, str):
        value = _parsed(value, "tool calls")
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, Sequence) or not all(isinstance(one, Mapping) for one in value):
        raise NotToolsError(f'tool calls must be a list of mappings, found "{str(value)[:80]}"')
    return [_call_of(one, has_gaps=has_gaps) for one in value]


def _call_of(value: Mapping[str, Any], *, has_gaps: bool) -> dict[str, Any]:
    call = {key: part for key, part in value.items() if part is not None}
    function = call.pop("function", None)
    if isinstance(function, str):  # {"function": "name", "arguments": …}
        function = {"name": function, "arguments": call.pop("arguments", {})}
    if function is None:
        function = {
            key: call.pop(key) for key in ("name", "arguments", "parameters") if key in call
        }
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise NotToolsError(f'a tool call has no name of a function: "{str(dict(value))[:80]}"')
    arguments = function.get("arguments", function.get("parameters"))
    if isinstance(arguments, str):
        arguments = _parsed(arguments, "the arguments of a tool call") if arguments.strip() else {}
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, Mapping):
        raise NotToolsError(
            f'the arguments of a tool call must be a mapping, found "{str(arguments)[:80]}"'
        )
    if has_gaps:
        arguments = _without_gaps(arguments)
    call.setdefault("type", "function")
    return {**call, "function": {"name": function["name"], "arguments": dict(arguments)}}


def _tool_of(value: Mapping[str, Any]) -> dict[str, Any]:
    tool = _without_gaps(value)
    if "function" not in tool and "name" in tool:
        tool.pop("type", None)
        tool = {"type": "function", "function": tool}
    function = tool.get("function")
    if isinstance(function, Mapping) and isinstance(function.get("parameters"), str):
        schema = _parsed(function["parameters"], "the parameters of a tool")
        tool["function"] = {**function, "parameters": schema}
    return tool


def _without_gaps(value: Any) -> Any:
    """Without keys that are ``None``: a column of structs has every key in every row."""
    if isinstance(value, Mapping):
        return {
            key: _without_gaps(part)
            for key, part in value.items()
            if part is not None or key in _MAY_BE_NULL
        }
    return [_without_gaps(part) for part in value] if isinstance(value, list) else value


def _parsed(text: str, what: str) -> Any:
    try:
        return parsed(text)
    except ValueError:
        raise NotToolsError(f'{what}: "{text[:80]}" is not JSON') from None
