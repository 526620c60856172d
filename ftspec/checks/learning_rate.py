"""The learning rate is far outside the usual range for fine-tuning.

Why: above 0.01 a few steps destroy the pretrained weights. Below 1e-7 the model does not learn, in
a run of any length. The usual cause is a typo, such as 2e5 for 2e-5.

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
    """Compare the learning rate with the usual range."""
    rate = plan.training.get("learning_rate")
    # an adapter starts from new weights, which take a larger rate
    largest = _LARGEST if plan.adapter is None else 1
    if rate is None or plan.model.init != "pretrained" or _SMALLEST <= rate <= largest:
        return
    effect = "the model learns nothing" if rate < _SMALLEST else "the pretrained weights are lost"
    yield Diagnostic(
        slug="learning-rate",
        severity=Severity.WARNING,
        headline=f"the learning rate is {rate:g}, so {effect}",
        labels=labelled(spans.span(_AT)),
        helps=("write, for example, 2e-5 for BERT, 5e-5 for GPT-2, 3e-4 for T5",),
    )
