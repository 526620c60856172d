"""Text generation uses a tokenizer without an end-of-text token.

Why: every document ends with this token, which teaches the model when to stop. A WordPiece
tokenizer trained by ftspec has none, so the run would fail when it prepares its data.

Bad:

    tokenizer: {type: train, algorithm: wordpiece, max_length: 256}
    model: {checkpoint: null, init: random, architecture: gpt2}
    task: text-generation
    preprocess:
      template: {text: "{text}"}

Good:

    tokenizer: {type: train, algorithm: bpe, max_length: 256}
    model: {checkpoint: null, init: random, architecture: gpt2}
    task: text-generation
    preprocess:
      template: {text: "{text}"}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.planning.plan import Plan

SLUGS = ("no-eos-token",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report text generation with a newly trained WordPiece tokenizer."""
    algorithm = getattr(plan.tokenizer.config, "algorithm", None)
    if plan.task.type != "text-generation" or plan.tokenizer.type != "train":
        return
    if algorithm == "wordpiece":
        yield Diagnostic(
            slug="no-eos-token",
            headline='a newly trained "wordpiece" tokenizer has no end-of-text token',
            labels=labelled(spans.span(("tokenizer", "algorithm"))),
            helps=('write "algorithm: bpe" or "algorithm: unigram"',),
        )
