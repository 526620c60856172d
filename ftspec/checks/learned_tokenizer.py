"""A newly trained tokenizer is combined with pretrained weights.

Why: the weights were trained with another tokenizer, so the embeddings do not match the new token
ids. Training runs without an error, and the model learns almost nothing.

Bad:

    tokenizer: {type: train, algorithm: wordpiece}

Good:

    tokenizer: {type: auto}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.planning.plan import Plan

SLUGS = ("learned-tokenizer",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report pretrained weights with a newly trained tokenizer."""
    if plan.tokenizer.type != "train" or plan.model.init != "pretrained":
        return
    yield Diagnostic(
        slug="learned-tokenizer",
        headline="a newly trained tokenizer does not match pretrained weights",
        labels=labelled(spans.span(("tokenizer", "type"))),
        helps=(
            'use the tokenizer of the checkpoint: "tokenizer: {type: auto}"',
            'or write "init: random"',
        ),
    )
