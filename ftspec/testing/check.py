"""A check of the kit: a name, and a function that raises if a plugin fails the check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class NonconformingError(AssertionError):
    """A plugin fails a check. The message says why, and what to do."""


@dataclass(frozen=True)
class Check:
    """One requirement for one part of a plugin.

    Calling it raises :class:`NonconformingError` if the plugin does not meet the requirement, and
    ``unittest.SkipTest`` if the check cannot run here.
    """

    name: str
    about: str
    run: Callable[[], None]

    def __call__(self) -> None:
        self.run()

    def __str__(self) -> str:
        return f"{self.name}: {self.about}"


def require(condition: object, problem: str) -> None:
    """Raise :class:`NonconformingError` with ``problem`` unless ``condition`` is true."""
    if not condition:
        raise NonconformingError(problem)
