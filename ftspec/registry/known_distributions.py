"""The packages that have a component, for specs with a component that is not installed.

These are the packages in ``plugins/``; a test compares the table with them.
"""

from __future__ import annotations

from collections.abc import Mapping

KNOWN_DISTRIBUTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "ftspec-embeddings": (("task", "sentence-embedding"), ("metric", "retrieval")),
    "ftspec-example": (("task", "multiple-choice"),),
    "ftspec-peft": (("adapter", "lora"),),
    "ftspec-preference": (("task", "chat"), ("task", "preference"), ("metric", "rewards")),
    "ftspec-question-answering": (("task", "question-answering"), ("metric", "squad")),
    "ftspec-token-classification": (("task", "token-classification"), ("metric", "seqeval")),
}
"""The kind and name of each component, by the name of the distribution."""
