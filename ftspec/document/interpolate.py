"""``${env:NAME}`` and ``${env:NAME:-default}`` in strings, in one pass.

Nothing else is evaluated.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import overload

from ftspec.diagnostics.model import Collector
from ftspec.document.nodes import (
    Entry,
    ListNode,
    MappingNode,
    Node,
    ScalarNode,
    scalars_of,
)
from ftspec.masking import REFERENCE

_REFERENCE = re.compile(rf"\$\$\{{|{REFERENCE}|\$\{{")
_HELP = "write ${env:NAME} or ${env:NAME:-default}, and $${ for a literal ${"


@overload
def interpolate(
    node: MappingNode, environment: Mapping[str, str], found: Collector
) -> MappingNode: ...
@overload
def interpolate(node: Node, environment: Mapping[str, str], found: Collector) -> Node: ...
def interpolate(node: Node, environment: Mapping[str, str], found: Collector) -> Node:
    """The tree with every reference replaced. The new values are marked as secrets."""
    if isinstance(node, ListNode):
        items = tuple(interpolate(item, environment, found) for item in node.items)
        return dataclasses.replace(node, items=items)
    if isinstance(node, MappingNode):
        entries = (
            Entry(entry.key, entry.key_span, interpolate(entry.value, environment, found))
            for entry in node
        )
        return MappingNode(tuple(entries), node.span)
    if not isinstance(node.value, str) or "${" not in node.value:
        return node
    return _interpolate_scalar(node, node.value, environment, found)


def _interpolate_scalar(
    node: ScalarNode, text: str, environment: Mapping[str, str], found: Collector
) -> ScalarNode:
    # stop at the first: a search from each unclosed reference would run to the end of the text
    if any(match.group() == "${" for match in _REFERENCE.finditer(text)):
        found.error(
            "bad-interpolation", f'"{text}" contains "${{" without "env:NAME}}"', node.span, _HELP
        )
        return node
    reads_environment = False
    secrets: list[tuple[str, str]] = []

    def replace(match: re.Match[str]) -> str:
        nonlocal reads_environment
        if match.group() == "$${":
            return "${"
        reads_environment = True
        name, default = match["name"], match["default"]
        value = environment.get(name)
        if not value and default is not None:
            return str(default)  # as in a shell, the default also replaces an empty value
        if value is None:
            found.error(
                "unset-variable",
                f'the environment variable "{name}" is not set',
                node.span,
                f"set it, or write a default: ${{env:{name}:-default}}",
            )
            return match.group()
        if not _is_text(value):
            found.error(
                "bad-interpolation", f'the environment variable "{name}" is not UTF-8', node.span
            )
        secrets.append((value, f"${{env:{name}}}"))
        return value

    value = _REFERENCE.sub(replace, text)
    return dataclasses.replace(
        node,
        value=value,
        written=text if reads_environment else None,
        secrets=tuple(secrets),
    )


def _is_text(value: str) -> bool:
    """Whether ``value`` is valid text: bytes that are not UTF-8 become lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def secrets_of(node: Node) -> dict[str, str]:
    """Every secret of a tree with the text to show instead: the value of each variable, and each
    string that contains one."""
    variables: dict[str, str] = {}
    whole: dict[str, str] = {}
    for scalar in scalars_of(node):
        variables |= {value: reference for value, reference in scalar.secrets if value}
        if scalar.is_secret and scalar.value and scalar.written is not None:
            whole[str(scalar.value)] = scalar.written
    # a string that is a single variable is shown as written, including its default
    return variables | whole
