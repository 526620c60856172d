"""What it brings, on a CPU in 16 bits, to fill micro-batches up to sizes that were there before.

A raw loop trains each family in the micro-batches of ``ftspec run``: those of the classifier and
the language model without padding, those of the summarizer cut as if one cost 256 tokens beside its
own. Widths and lines are filled up, or as they come. Each training is a process of its own, which
has made no kernels yet, and learns the rows four times, each time in another order, for sizes must
have been there before they come back. A seventh of the rounds is made, each with a seed of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rows import Row
from benchmarks.training.switched import measure_switched

AS_THEY_COME = "as they come"
CASES = {AS_THEY_COME: {"fills": False}, "filled up": {"fills": True}}


def measure(rounds: int) -> Iterator[Row]:
    """Examples a second of each family."""
    yield from measure_switched(rounds, CASES, to=AS_THEY_COME, epochs=4)
