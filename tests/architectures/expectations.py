"""Pairs that stand for all others, and what is expected of them."""

from __future__ import annotations

from tests.architectures.pairs import Pair, all_pairs
from tests.architectures.verdict import Outcome

GOOD: tuple[Outcome, ...] = ("same", "padded", "refused")

QUICK: dict[str, tuple[Outcome, ...]] = {
    "text-classification/albert": GOOD,
    "text-classification/bart": ("same",),
    "text-classification/bert": ("same",),
    "text-classification/bert/padded left": GOOD,
    "text-classification/big_bird": GOOD,
    "text-classification/canine": GOOD,
    "text-classification/deberta-v2": GOOD,
    "text-classification/fnet": ("padded",),
    "text-classification/gpt2/padded left": GOOD,
    "text-classification/modernbert": ("same",),
    "text-classification/nystromformer": ("padded",),
    "text-classification/qwen3_5": GOOD,
    "token-classification/bert": ("same",),
    "token-classification/funnel": ("padded",),
    "token-classification/xlm-roberta": ("same",),
    "question-answering/bert": ("same", "padded"),
    "question-answering/distilbert": ("same", "padded"),
    "question-answering/llama": ("same", "padded"),
    "summarization/bart": ("same",),
    "summarization/fsmt": GOOD,
    "summarization/qwen2_audio": ("refused",),
    "summarization/t5": ("same",),
    "text-generation/bart": ("refused",),
    "text-generation/cpmant": GOOD,
    "text-generation/gpt2": ("same",),
    "text-generation/gpt2/padded left": GOOD,
    "text-generation/llama": ("same",),
    "text-generation/llama/padded left": ("same",),
    "text-generation/mamba": ("same",),
    "text-generation/mixtral/router loss": ("same", "padded"),
    "text-generation/phi3/longrope": ("same", "padded"),
    "text-generation/xlnet": ("refused",),
}
"""The outcomes that each may have."""


def quick_pairs() -> list[Pair]:
    """The pairs of the quick form."""
    return [pair for pair in all_pairs() if str(pair) in QUICK]
