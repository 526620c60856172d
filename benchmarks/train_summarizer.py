"""How fast a summarizer learns, and how well, in each of the ways people train one.

A T5 of random weights (4 layers, 256 wide) learns to write the first paragraph of a docstring of
Python's standard library from what follows it: 16 steps of 16 rows, sources cut at 512 tokens and
targets at 64. Each way is a process of its own, and all are interleaved, once for each seed. Speeds
are those of the steps after the first. The copied script pads sources and targets to these lengths
in fp32. The example script, ``run_summarization.py``, pads as the Trainer with dynamic padding does
here. The raw loop is PyTorch alone, with the micro-batches, the precision and the masks of
``ftspec run``.

The goals are 4 times the examples of the copied script, 0.95 of the raw loop, and 0.98 of a script
with the same batches; quality after the same steps is that of the copied script. So few steps teach
nobody to write: the loss tells whether all ways learn alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rows import Row
from benchmarks.training.comparison import compare_ways


def measure(rounds: int) -> Iterator[Row]:
    """Speed, memory and quality of every way."""
    yield from compare_ways("summarization", rounds)
