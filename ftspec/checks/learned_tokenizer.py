"""A tokenizer learned from the training text feeds a model whose weights were learned with another.

Why: the new ids mean nothing to the old embeddings: token 17 was a comma and is now a verb. The run
trains without a word, and learns next to nothing.

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
    """Report a learned tokenizer beside pretrained weights."""
    if plan.tokenizer.type != "train" or plan.model.init != "pretrained":
        return
    yield Diagnostic(
        slug="learned-tokenizer",
        headline="a tokenizer learned anew does not fit pretrained weights",
        labels=labelled(spans.span(("tokenizer", "type"))),
        helps=('use the checkpoint\'s own: "tokenizer: {type: auto}"', 'or write "init: random"'),
    )
