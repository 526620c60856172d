"""A check of the kit: a name, and what raises when a plugin does not keep to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class NonconformingError(AssertionError):
    """A plugin does not keep to what it must; the message says what, and what to do."""


@dataclass(frozen=True)
class Check:
    """One thing a plugin must keep to, about one part of it.

    Calling it raises :class:`NonconformingError` where it does not, and ``unittest.SkipTest`` where
    that cannot be told here.
    """

    name: str
    about: str
    run: Callable[[], None]

    def __call__(self) -> None:
        self.run()

    def __str__(self) -> str:
        return f"{self.name}: {self.about}"


def require(condition: object, problem: str) -> None:
    """Raise :class:`NonconformingError` with ``problem`` unless ``condition`` holds."""
    if not condition:
        raise NonconformingError(problem)
