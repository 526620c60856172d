"""``${env:NAME}`` and ``${env:NAME:-default}`` in strings, one pass, nothing else evaluated."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from ftspec.diagnostics.model import Collector
from ftspec.document.nodes import Entry, ListNode, MappingNode, Node, ScalarNode

_REFERENCE = re.compile(
    r"\$\$\{|\$\{env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|\$\{"
)
_HELP = "write ${env:NAME} or ${env:NAME:-default}, and $${ for a literal ${"
_SHORTEST_MASKED_PART = 4  # a shorter value is masked only where it is the whole text


def interpolate(node: Node, environment: Mapping[str, str], found: Collector) -> Node:
    """The tree with every reference replaced; values made so are marked secret."""
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
    # the first one ends the search, which from each unclosed one would go to the end of the text
    if any(match.group() == "${" for match in _REFERENCE.finditer(text)):
        found.error(
            "bad-interpolation", f'"{text}" holds "${{" without "env:NAME}}"', node.span, _HELP
        )
        return node
    is_secret = False

    def replace(match: re.Match[str]) -> str:
        nonlocal is_secret
        if match.group() == "$${":
            return "${"
        name, default = match["name"], match["default"]
        value = environment.get(name)
        if not value and default is not None:
            return str(default)  # as in a shell, ":-" stands in for an empty value too
        is_secret = True
        if value is None:
            found.error(
                "unset-variable",
                f'the environment variable "{name}" is not set',
                node.span,
                f"set it, or give a default: ${{env:{name}:-default}}",
            )
            return match.group()
        if not _is_text(value):
            found.error(
                "bad-interpolation", f'the environment variable "{name}" is not UTF-8', node.span
            )
        return value

    value = _REFERENCE.sub(replace, text)
    return dataclasses.replace(node, value=value, written=text if is_secret else None)


def _is_text(value: str) -> bool:
    """Whether ``value`` has no lone surrogates, which stand for bytes that are not UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def secrets_of(node: Node) -> dict[str, str]:
    """Every secret value of a tree with the text to show in its place."""
    if isinstance(node, ScalarNode):
        if node.written is None or not node.value:
            return {}
        return {str(node.value): node.written}
    children = node.items if isinstance(node, ListNode) else [entry.value for entry in node]
    return {value: written for child in children for value, written in secrets_of(child).items()}


def mask(text: str, secrets: Mapping[str, str], *, escape: bool = False) -> str:
    """``text`` with each of ``secrets`` replaced by the reference it came from.

    With ``escape``, a ``${`` that is no such reference is written so that it stays literal.
    """
    if text in secrets:
        return secrets[text]
    parts = sorted((value for value in secrets if len(value) >= _SHORTEST_MASKED_PART), key=len)
    alternatives = [re.escape(value) for value in reversed(parts)]
    if escape:
        alternatives.append(r"\$\{")
    if not alternatives:
        return text
    # one pass, so that no secret is looked for in the reference to another
    return re.sub("|".join(alternatives), lambda m: secrets.get(m.group(), "$${"), text)
