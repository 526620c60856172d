"""A text generator learns with a tokenizer that has no end-of-text token.

Why: every document ends with that token, by which the model learns to stop; a learned WordPiece
tokenizer has none, and the run would end when it prepares its data.

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
    """Report a learned WordPiece tokenizer beside text generation."""
    algorithm = getattr(plan.tokenizer.config, "algorithm", None)
    if plan.task.type != "text-generation" or plan.tokenizer.type != "train":
        return
    if algorithm == "wordpiece":
        yield Diagnostic(
            slug="no-eos-token",
            headline='a learned "wordpiece" tokenizer has no end-of-text token',
            labels=labelled(spans.span(("tokenizer", "algorithm"))),
            helps=('write "algorithm: bpe" or "algorithm: unigram"',),
        )
