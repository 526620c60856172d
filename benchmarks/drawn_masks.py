"""What it brings on a CPU to draw the masks of dropout fast.

A raw loop trains each family in the micro-batches of ``ftspec run``: those of the classifier and
the language model without padding, those of the summarizer cut as if one cost 256 tokens beside its
own. Masks are drawn by torch, or by a faster generator. Each training is a process of its own, in
bf16, and learns the rows twice. A seventh of the rounds is made, each with a seed of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rows import Row
from benchmarks.training.switched import measure_switched

BY_TORCH = "by torch"
CASES = {BY_TORCH: {"draws_fast": False}, "fast": {"draws_fast": True}}


def measure(rounds: int) -> Iterator[Row]:
    """Examples a second of each family."""
    yield from measure_switched(rounds, CASES, to=BY_TORCH, epochs=2)
