"""Pydantic errors to diagnostics: each finding at its place in the text, in the terms of the spec
language."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ftspec.diagnostics.model import Collector, Fix
from ftspec.diagnostics.suggest import did_you_mean, nearest, one_of
from ftspec.document.load import Document
from ftspec.document.nodes import ListNode, MappingNode, ScalarNode, describe
from ftspec.document.paths import SpecPath, format_path
from ftspec.document.scalars import resolve_plain
from ftspec.masking import mask
from ftspec.span import Span
from ftspec.spec.annotations import as_model, field_of, model_at
from ftspec.spec.root import Spec
from ftspec.spec.training_names import OWNED_ARGUMENTS, RENAMED_ARGUMENTS

Model = TypeVar("Model", bound=BaseModel)

TrackerHelps = Callable[[Sequence[str]], tuple[str, ...]]
"""The help lines for settings of services with these names, which a run could report to."""

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_attributes_type": "a mapping",
    "model_type": "a mapping",
    "none_required": "null",
    "string_type": "a string",
}
_FITTING: dict[str, tuple[type, ...]] = {
    "a number": (int, float),
    "a whole number": (int,),
    "null": (type(None),),
    "true or false": (bool,),
}
_YAML_1_1_BOOLS = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def _no_trackers(names: Sequence[str]) -> tuple[str, ...]:
    return (OWNED_ARGUMENTS["report_to"],)


def validate(
    model: type[Model],
    values: Any,
    at: SpecPath,
    document: Document,
    found: Collector,
    tracker_helps: TrackerHelps = _no_trackers,
) -> Model | None:
    """The model built from the ``values`` at ``at``, or ``None`` with findings.

    Values are validated as JSON. Its strict mode keeps exactly the types of YAML (no ``"3"`` to 3),
    but still accepts a number without a decimal point as a float.
    """
    try:
        return model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        _Reporter(model, at, document, found, tracker_helps).report(error.errors(include_url=False))
        return None


class _Reporter:
    """Turns the errors of one validation into diagnostics."""

    def __init__(
        self,
        model: type[BaseModel],
        at: SpecPath,
        document: Document,
        found: Collector,
        tracker_helps: TrackerHelps,
    ) -> None:
        self._tracker_helps = tracker_helps
        self._model = model
        self._at = at
        self._document = document
        self._found = found

    def report(self, errors: list[ErrorDetails]) -> None:
        expected: dict[SpecPath, list[str]] = {}
        of_right_type: set[SpecPath] = set()
        for error in errors:
            if self._found.is_full:
                return
            path = self._existing_path(error["loc"])
            kind = error["type"]
            if kind == "extra_forbidden":
                self._report_unknown(path)
            elif kind == "missing":
                self._report_missing(path, str(error["loc"][-1]))
            elif kind in _EXPECTED:
                expected.setdefault(path, []).append(_EXPECTED[kind])
            elif kind in ("literal_error", "enum"):
                expected.setdefault(path, []).append("one of " + error["ctx"]["expected"])
            else:
                of_right_type.add(path)
                self._report_value(path, error)
        # in a union, the branch that fits in part gives the best message
        fitting = {path[:depth] for path in expected for depth in range(len(path))}
        for path, wanted in expected.items():
            if self._found.is_full:
                return
            if path not in fitting | of_right_type:
                self._report_type(path, list(dict.fromkeys(wanted)))

    def _existing_path(self, loc: tuple[str | int, ...]) -> SpecPath:
        """The path of an error, without the steps that pydantic adds for branches of a union."""
        path = self._at
        for step in loc:
            if self._document.node((*path, step)) is not None:
                path = (*path, step)
        return path

    def _report_missing(self, section: SpecPath, key: str) -> None:
        slip = self._slip_for(section, key)
        if slip is not None:
            self._report_slip((*section, slip), key)
            return
        model = model_at(self._model, section[len(self._at) :])
        field = field_of(model, key)
        helps = (f'"{key}": {field.description}',) if field and field.description else ()
        where = f"in {format_path(section)}" if section else "in the spec"
        self._found.error(
            "missing-key",
            f'the key "{key}" is missing {where}',
            self._document.span(section),
            *helps,
        )

    def _slip_for(self, section: SpecPath, key: str) -> str | None:
        """A misspelt ``key`` in a section that allows any key: nothing else would report it."""
        node = self._document.node(section)
        if key != "type" or not isinstance(node, MappingNode):
            return None
        keys = [entry.key for entry in node]
        return nearest(key, keys) or next((one for one in keys if one[:2] == key[:2]), None)

    def _report_slip(self, path: SpecPath, meant: str) -> None:
        span = self._document.key_span(path)
        self._found.error(
            "unknown-key",
            f'unknown key "{path[-1]}" in {format_path(path[:-1])}',
            span,
            f'did you mean "{meant}"?',
            fix=Fix(span, meant),
        )

    def _report_unknown(self, path: SpecPath) -> None:
        from ftspec.spec.trackers import tracker_of  # only mistakes need it

        section, key = path[:-1], str(path[-1])
        span = self._document.key_span(path)
        where = f" in {format_path(section)}" if section else ""
        is_training = section[-1:] == ("training",)
        tracker = "trackio" if is_training and key == "project" else tracker_of(key)
        if tracker is not None and section[:1] != ("callbacks",):
            headline = f'"{key}" is a setting of {tracker}, which only a callback can report to'
            slug = "owned-key" if is_training and key in OWNED_ARGUMENTS else "unknown-key"
            self._found.error(slug, headline, span, *self._tracker_helps([tracker]))
            return
        if is_training and key in RENAMED_ARGUMENTS:
            self._found.error(
                "renamed-key",
                f'"{key}" is not a field of the installed TrainingArguments',
                span,
                RENAMED_ARGUMENTS[key],
            )
            return
        if key == "report_to":
            slug = "owned-key" if is_training else "unknown-key"
            helps = self._helps_for_reports(path)
            self._found.error(slug, 'ftspec sets "report_to" itself', span, *helps)
            return
        if is_training and key in OWNED_ARGUMENTS:
            helps = (OWNED_ARGUMENTS[key],)
            self._found.error("owned-key", f'ftspec sets "{key}" itself', span, *helps)
            return
        helps, replacement = self._help_for_unknown(path)
        fix = Fix(span, replacement) if replacement is not None else None
        self._found.error("unknown-key", f'unknown key "{key}"{where}', span, *helps, fix=fix)

    def _help_for_unknown(self, path: SpecPath) -> tuple[tuple[str, ...], str | None]:
        """The help lines for an unknown key, and the key that can replace it: another section has
        it, another tool has it, or it is misspelt."""
        section, key = path[:-1], str(path[-1])
        home = _homes().get(key)
        if home is not None and home != path:
            return (f'did you mean "{format_path(home)}"?',), None
        from ftspec.spec.peer_names import words_of_peers  # only mistakes need it

        names = _keys_of(model_at(self._model, section[len(self._at) :]))
        without_positions = ".".join(step for step in section if isinstance(step, str))
        advice = words_of_peers(key, without_positions, names)
        if advice is not None:
            return (advice.text,), advice.replacement
        helps = did_you_mean(key, names)
        if not helps and names and len(names) <= 20:
            helps = (one_of(names),)
        return helps, nearest(key, names)

    def _helps_for_reports(self, path: SpecPath) -> tuple[str, ...]:
        node = self._document.node(path)
        items = node.items if isinstance(node, ListNode) else [node]
        names = [str(item.value) for item in items if isinstance(item, ScalarNode)]
        return self._tracker_helps([name.lower() for name in names])

    def _report_type(self, path: SpecPath, wanted: list[str]) -> None:
        node = self._document.node(path)
        shown = describe(node) if node is not None else "nothing"
        helps: tuple[str, ...] = ()
        fix = None
        if isinstance(node, MappingNode) and "a string" in wanted:
            only = node.entries[0] if len(node.entries) == 1 else None
            if only is not None and isinstance(only.value, ScalarNode) and only.value.value is None:
                helps = (f'put the template in quotes: "{{{only.key}}}"',)
        elif path == ("model",) and isinstance(node, ScalarNode):
            helps = (f'write "{{checkpoint: {node.value}}}"',) if not node.is_secret else ()
        elif isinstance(node, ScalarNode) and isinstance(node.value, str) and not node.is_secret:
            written = _YAML_1_1_BOOLS.get(node.value.lower(), node.value)
            plain = resolve_plain(written)
            if any(type(plain) in _FITTING.get(text, ()) for text in wanted):
                what = "remove the quotes" if written == node.value else "in YAML 1.2, write"
                helps = (f"{what}: {written}",)
                fix = Fix(node.span, written)
            elif wanted[0].startswith("one of "):
                helps = _help_for_choice(node.value, _quoted(wanted[0]))
        self._found.error(
            "wrong-type" if not wanted[0].startswith("one of ") else "bad-value",
            f"{format_path(path)} must be {' or '.join(wanted).replace(chr(39), chr(34))}, "
            f"found {shown}",
            self._document.span(path),
            *helps,
            fix=fix,
        )

    def _report_value(self, path: SpecPath, error: ErrorDetails) -> None:
        own_slug = "-" in error["type"]  # raised by a model of ftspec or of a plugin
        if own_slug:
            path = (*path, *error.get("ctx", {}).get("at", ()))
        slug = error["type"] if own_slug else "bad-value"
        message = error["msg"].removeprefix("Value error, ").rstrip(".").replace("'", '"')
        node = self._document.node(path)
        is_free_text = own_slug or error["type"] in ("value_error", "assertion_error")
        if is_free_text and isinstance(node, ScalarNode) and node.is_secret:
            # the message may repeat any part of the value
            message = f'"{node.written}" is not a valid value for {format_path(path)}'
        elif not own_slug:
            message = re.sub(r"^[A-Z]\w+ should", f"{format_path(path)} should", message)
            if isinstance(node, ScalarNode):
                message += f", found {describe(node)}"
        message = mask(message, self._document.secrets)
        span = self._document.span(path)
        helps: tuple[str, ...] = ()
        fix = None
        if own_slug and not (isinstance(node, ScalarNode) and node.is_secret):
            helps, fix = _advice(error.get("ctx", {}), span)
        self._found.error(slug, message, span, *helps, fix=fix)


def _help_for_choice(written: str, choices: list[str]) -> tuple[str, ...]:
    from ftspec.spec.peer_names import value_of_peers  # only mistakes need it

    meant = value_of_peers(written, choices)
    return (f'did you mean "{meant}"?',) if meant is not None else did_you_mean(written, choices)


def _advice(ctx: Mapping[str, Any], span: Span) -> tuple[tuple[str, ...], Fix | None]:
    """The help and the fix in the ``ctx`` of a model's own error: a ``help`` line, and a
    ``replacement`` of the value that is safe to apply. (``at`` is its path below the model.)"""
    helps = (str(ctx["help"]),) if "help" in ctx else ()
    return helps, Fix(span, str(ctx["replacement"])) if "replacement" in ctx else None


@cache
def _homes() -> dict[str, SpecPath]:
    """For each key that only one section has, its path."""
    homes: dict[str, list[SpecPath]] = {}
    for name, field in Spec.model_fields.items():
        for key in _keys_of(as_model(field.annotation)):
            homes.setdefault(key, []).append((name, key))
        homes.setdefault(name, []).append((name,))
    return {key: places[0] for key, places in homes.items() if len(places) == 1}


def _quoted(expected: str) -> list[str]:
    return [part for index, part in enumerate(expected.split("'")) if index % 2]


def _keys_of(model: type[BaseModel] | None) -> list[str]:
    """The keys of a section, as they are written."""
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]
