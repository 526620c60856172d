"""Training arguments that have no effect in a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan


class IdleArgument(NamedTuple):
    """The name of an argument, the setting that disables it, and when it has no effect."""

    name: str
    other: SpecPath
    when: str


def idle_arguments(plan: Plan) -> Iterator[IdleArgument]:
    """Arguments that must not reach transformers, which would compile the model because of them, or
    fail."""
    if not plan.performance.compile:
        for name in ("torch_compile_backend", "torch_compile_mode"):
            yield IdleArgument(name, ("performance", "compile"), "unless the model is compiled")
    problem = getattr(plan.task.config, "problem", None)
    if problem in ("multi-label", "regression"):
        at = (*plan.task.at, "problem")
        yield IdleArgument("label_smoothing_factor", at, f'while problem is "{problem}"')
