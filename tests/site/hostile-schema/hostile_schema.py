"""Its config classes look valid, and raise when they are used."""

import sys

from pydantic import field_validator

from ftspec.api import ComponentConfig, TransformComponent, hookimpl


class Opaque:
    """A type that pydantic does not know."""


class UnbuildableConfig(ComponentConfig):
    """Its schema cannot be built."""

    column: Opaque


class ForgetfulConfig(ComponentConfig):
    """Its annotation is an undefined name."""

    column: "NotImported"  # noqa: F821 - it is what is wrong


class RaisingConfig(ComponentConfig):
    """Its validator raises an unexpected exception."""

    column: str

    @field_validator("column")
    @classmethod
    def _look(cls, value):
        raise RuntimeError(f"no such shelf: {value}")


class LeavingConfig(ComponentConfig):
    """Its validator ends the process."""

    column: str

    @field_validator("column")
    @classmethod
    def _leave(cls, value):
        sys.exit(0)


@hookimpl
def ftspec_register_transforms():
    for name, config in (
        ("unbuildable", UnbuildableConfig),
        ("forgetful", ForgetfulConfig),
        ("raising", RaisingConfig),
        ("leaving", LeavingConfig),
    ):
        yield TransformComponent(
            name=name, summary="rows as they are", config=config, factory="somewhere:Transform"
        )
