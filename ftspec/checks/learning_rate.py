"""The learning rate is far from any that fine-tunes pretrained weights.

Why: above 0.01 the weights forget what they know within a few steps; below 1e-7 nothing is learned
in a run of any length. Mostly it is a slip: 2e5 for 2e-5.

Bad:

    training: {learning_rate: 0.2}

Good:

    training: {learning_rate: 2e-5}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan

SLUGS = ("learning-rate",)

_AT: SpecPath = ("training", "learning_rate")
_SMALLEST, _LARGEST = 1e-7, 1e-2


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the learning rate with the sane range."""
    rate = plan.training.get("learning_rate")
    # the new weights of an adapter have nothing to forget
    largest = _LARGEST if plan.adapter is None else 1
    if rate is None or plan.model.init != "pretrained" or _SMALLEST <= rate <= largest:
        return
    effect = "nothing is learned" if rate < _SMALLEST else "pretrained weights are forgotten"
    yield Diagnostic(
        slug="learning-rate",
        severity=Severity.WARNING,
        headline=f"the learning rate is {rate:g}, at which {effect}",
        labels=labelled(spans.span(_AT)),
        helps=("write, for example, 2e-5 for BERT, 5e-5 for GPT-2, 3e-4 for T5",),
    )
