"""The gain on a CPU from drawing dropout masks with a faster generator.

A raw PyTorch loop trains each family on the micro-batches of ``ftspec run``: the classifier and the
language model without padding, the summarizer split with a micro-batch overhead of 256 tokens. The
masks are drawn by torch, or by a faster generator. Each training runs in its own process, in bf16,
for two epochs. One round is made for every seven of ``--rounds``, each with its own seed.
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
