"""The gain, on a CPU in 16 bits, from rounding micro-batches up to sizes that recur.

A raw PyTorch loop trains each family on the micro-batches of ``ftspec run``: the classifier and the
language model without padding, the summarizer split with a micro-batch overhead of 256 tokens. The
widths of padded batches and the lengths of packed sequences are rounded up, or left as they are.
Each training runs in its own process, which has no kernels yet, for four epochs, each in another
order: a size must have occurred before it can recur. One round is made for every seven of
``--rounds``, each with its own seed.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rows import Row
from benchmarks.training.switched import measure_switched

NOT_ROUNDED = "not rounded"
CASES = {NOT_ROUNDED: {"fills": False}, "rounded up": {"fills": True}}


def measure(rounds: int) -> Iterator[Row]:
    """Examples a second of each family."""
    yield from measure_switched(rounds, CASES, to=NOT_ROUNDED, epochs=4)
