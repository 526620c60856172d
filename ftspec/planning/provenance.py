"""Where a value comes from: where it is written, what it overrides, and its default."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ftspec.diagnostics.suggest import nearest
from ftspec.document.load import Document
from ftspec.document.nodes import MappingNode, Node, ScalarNode, to_plain
from ftspec.document.paths import SpecPath, format_path
from ftspec.planning.plan import Plan
from ftspec.span import Span
from ftspec.spec.training import with_defaults

_SHORT_FORMS = ("type", "slice")


@dataclass(frozen=True)
class Origin:
    """One place where a value is written."""

    value: Any
    span: Span


class UnknownPathError(LookupError):
    """A spec has no value at this path. ``suggestion`` is the nearest path that it has."""

    def __init__(self, path: SpecPath, suggestion: SpecPath | None) -> None:
        super().__init__(format_path(path))
        self.suggestion = suggestion


def value_at(plan: Plan, path: SpecPath) -> Any:
    """The value in the resolved spec, including defaults.

    Raises:
        UnknownPathError: there is none.
    """
    value: Any = plan.to_spec()
    for depth, step in enumerate(path):
        if path[:depth] == ("training",):
            value = with_defaults(value)
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            keys = value if isinstance(value, dict) else ()
            near = nearest(str(step), keys)
            suggestion = (*path[:depth], near) if near is not None else None
            raise UnknownPathError(path, suggestion) from None
    return value


def origins_of(document: Document, path: SpecPath) -> list[Origin]:
    """Every place where the value is written, the one in effect first, the base last."""
    origins = []
    node: Node | None = document.node(path)
    while node is not None:
        origins.append(Origin(to_plain(node, masked=True), node.span))
        node = None if isinstance(node, MappingNode) else node.below
    return origins


def explain_value(plan: Plan, document: Document, path: SpecPath) -> list[str]:
    """The value and its origins, one line each.

    Raises:
        UnknownPathError: the spec has no value at ``path``.
    """
    value = value_at(plan, path)
    lines = [f"{format_path(path)} is {_shown(value)}"]
    origins = origins_of(document, path)
    for index, origin in enumerate(origins):
        over = "over " if index else ""
        lines.append(f"  {over}{_shown(origin.value)} at {origin.span}")
    if not origins:
        lines.append("  not written in the spec: a default, or a result of other settings")
    if len(path) == 2 and path[0] == "training" and origins:
        default = with_defaults({})[str(path[1])]
        lines.append(f"  default {_shown(default)}")
    return lines


def places_of_values(plan: Plan, document: Document) -> dict[str, list[str]]:
    """Where each value of the resolved spec is written, the place in effect first, by the path of
    the value. Defaults have no place."""
    found: dict[str, list[str]] = {}
    for path, _ in leaves_of(plan.to_spec()):
        places = [_place_of(origin.span) for origin in _origins_or_short_form(document, path)]
        if places:
            found[format_path(path)] = [plan.mask(place) for place in places]
    return found


def _place_of(span: Span) -> str:
    """The place of a value; that of an option is the option, which has one line."""
    return span.source.name if span.source.name.startswith("--set ") else str(span)


def leaves_of(value: Any, path: SpecPath = ()) -> Iterator[tuple[SpecPath, Any]]:
    """The values of a spec that have no mappings inside, with their paths."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves_of(inner, (*path, str(key)))
    elif isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        for index, inner in enumerate(value):
            yield from leaves_of(inner, (*path, index))
    elif path:
        yield path, value


def _origins_or_short_form(document: Document, path: SpecPath) -> list[Origin]:
    """The origins of a value. ``task: summarization`` is short for a mapping with ``type``."""
    if path[-1] in _SHORT_FORMS and isinstance(document.node(path[:-1]), ScalarNode):
        return origins_of(document, path[:-1])
    return origins_of(document, path)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
