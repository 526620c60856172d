"""Configs: strict, frozen, described, and unchanged by a round trip through JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from ftspec.components import Component
from ftspec.testing.check import Check, NonconformingError, require
from ftspec.testing.subject import Subject, title


def config_checks(subject: Subject) -> Iterator[Check]:
    """For each component, the checks of its config class."""
    for component in subject.components:
        yield _closed(component)
        yield _described(component)
        yield _stable(component, subject)


def _closed(component: Component) -> Check:
    def run() -> None:
        for model in _models_in(component.config):
            settings = model.model_config
            require(
                settings.get("extra") == "forbid",
                f"{model.__name__} accepts unknown keys; inherit from SpecModel or ComponentConfig",
            )
            require(settings.get("frozen"), f"{model.__name__} can be changed after validation")

    return Check("config is strict", title(component), run)


def _described(component: Component) -> Check:
    def run() -> None:
        for model in _models_in(component.config):
            for name, field in model.model_fields.items():
                require(
                    field.description,
                    f'the key "{name}" has no description; editors and "ftspec plugins show" '
                    'print it: Field(description="…")',
                )

    return Check("every key is described", title(component), run)


def _stable(component: Component, subject: Subject) -> Check:
    def run() -> None:
        keys = subject.least_keys(component)
        try:
            config = component.config.model_validate(keys)
        except ValidationError as error:
            sample = f'samples={{"{title(component)}": {{…}}}}'
            raise NonconformingError(
                f"its least keys {dict(keys)} are refused; give the kit {sample}: {error}"
            ) from error
        try:
            component.config.model_json_schema()
            again = _through_json(config)
        except Exception as error:
            raise NonconformingError(f"{config!r} does not survive JSON: {error}") from error
        require(again == config, f"{config!r} is {again!r} after a round trip through JSON")

    return Check("config survives JSON", title(component), run)


def _through_json(config: BaseModel) -> BaseModel:
    text = json.dumps(config.model_dump(mode="json", by_alias=True))
    return type(config).model_validate(json.loads(text))


def _models_in(config: type[BaseModel]) -> list[type[BaseModel]]:
    """The config, and the models of the plugin inside it."""
    package = config.__module__.partition(".")[0]
    found: list[type[BaseModel]] = []
    waiting: list[Any] = [config]
    while waiting:
        one = waiting.pop()
        if isinstance(one, type) and issubclass(one, BaseModel) and one not in found:
            if one.__module__.partition(".")[0] == package and not hasattr(one, "kind"):
                found.append(one)
                waiting += [field.annotation for field in one.model_fields.values()]
        else:
            waiting += getattr(one, "__args__", ())
    return found
