"""Faults in component records, whose authors may not use a type checker."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ftspec.components import (
    KINDS,
    CallbackConfig,
    Component,
    MetricComponent,
    TaskComponent,
    TaskConfig,
    TaskField,
    TokenizerConfig,
)
from ftspec.spec.base import SpecModel

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FACTORY = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*")

_Rule = tuple[str, Callable[[Any], bool], str]


def record_fault(record: object, record_type: type[Component]) -> str | None:
    """The fault of a record that a hook returned, or ``None``.

    Raises:
        Exception: a value of the record may raise anything when it is read.
    """
    if not isinstance(record, record_type):
        return f"expected {record_type.__name__}, found {type(record).__name__}"
    if not isinstance(record.name, str) or not _NAME.fullmatch(record.name):
        return f'the name "{record.name}" is not kebab-case'
    rules = _RULES
    if isinstance(record, TaskComponent):
        rules += _TASK_RULES
    if isinstance(record, MetricComponent):
        rules += _METRIC_RULES
    for attribute, holds, expected in rules:
        value = getattr(record, attribute)
        if not holds(value):
            return f'the {attribute} {_shown(value)}of "{record.name}" must be {expected}'
    return _config_fault(record)


def _config_fault(record: Component) -> str | None:
    base = KINDS[record.kind].config
    if not isinstance(record.config, type) or not issubclass(record.config, base):
        return f'the config of "{record.name}" is not a subclass of {base.__name__}'
    for name, field in record.config.model_fields.items():
        if "type" in (name, field.alias):
            return f'the config of "{record.name}" has a key "type", which names the component'
        if name in _RESERVED:
            return f'the config of "{record.name}" has a key "{name}", which ftspec reserves'
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() == value != "" and value.isprintable()


def _is_names(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(name, str) for name in value)


def _is_fields(value: Any) -> bool:
    if not isinstance(value, tuple) or not all(isinstance(one, TaskField) for one in value):
        return False
    return len({one.name for one in value}) == len(value)


def _is_metrics_by_prediction(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(prediction, str) and _is_names(names) for prediction, names in value.items()
    )


def _shown(value: Any) -> str:
    return f'"{value}" ' if isinstance(value, str) else ""


_RULES: tuple[_Rule, ...] = (
    ("summary", _is_text, "one line of text"),
    (
        "factory",
        lambda value: isinstance(value, str) and _FACTORY.fullmatch(value) is not None,
        '"package.module:attribute"',
    ),
    ("aliases", _is_names, "a tuple of names"),
    ("requires", _is_names, "a tuple of module names"),
    ("install", _is_text, "one line of text"),
    ("uses_hub", lambda value: isinstance(value, bool), "true or false"),
)
_TASK_RULES: tuple[_Rule, ...] = (
    ("fields", _is_fields, "a tuple of TaskField with different names"),
    ("auto_model", _is_text, "the name of an auto class"),
    ("default_metrics", _is_metrics_by_prediction, "a mapping to tuples of metric names"),
)
_METRIC_RULES: tuple[_Rule, ...] = (
    (
        "scores",
        lambda value: isinstance(value, frozenset) and all(isinstance(one, str) for one in value),
        "a frozenset of predictions",
    ),
    ("results", _is_names, "a tuple of names"),
    ("greater_is_better", lambda value: isinstance(value, bool), "true or false"),
)

# methods that ftspec calls on a config; pydantic would let a field replace them
_RESERVED = frozenset(
    name
    for base in (SpecModel, TaskConfig, TokenizerConfig, CallbackConfig)
    for name in dir(base)
    if name.startswith("model_") or (name in vars(base) and not name.startswith("_"))
)
