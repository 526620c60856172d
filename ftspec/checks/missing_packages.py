"""A setting needs a package that is not installed, or an old version of it is.

Why: transformers would say so when training starts, after all rows are prepared and the model is
loaded. Lint says so on machines that have torch; on others it cannot know what the run will have.

Bad:

    training: {optim: adamw_anyprecision}

Good:

    training: {optim: adamw_torch}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.planning.needed_packages import can_train, needed_packages
from ftspec.planning.plan import Plan

SLUGS = ("missing-package",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Look for every package, without importing it."""
    for need in needed_packages(plan):
        if not can_train():
            return
        if need.problem is not None:
            yield Diagnostic(
                slug="missing-package",
                headline=need.problem,
                labels=labelled(spans.span(need.at)),
                helps=(f"install it with: {need.install}",),
            )
