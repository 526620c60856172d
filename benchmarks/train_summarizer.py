"""How fast a summarizer trains, and how well, in each of the ways people do it.

A T5 with random weights (4 layers, 256 wide) learns to write the first paragraph of a docstring of
Python's standard library from the rest of it. Sources are truncated to 512 tokens and targets to
64; there are 16 steps of 16 rows. Each way runs in its own process. All ways are interleaved, once
for each seed; there is one seed for every seven of ``--rounds``. Speeds are those of the steps
after the first. The copied script pads sources and targets to these lengths in fp32. The example
script, ``run_summarization.py``, pads like the Trainer with dynamic padding here. The raw loop is
PyTorch alone, with the micro-batches and the precision of ``ftspec run``.

The goals are 4 times the examples of the copied script, 0.95 of the raw loop, and 0.98 of a script
with the same batches, at the quality of the copied script after the same steps. So few steps do not
teach a model to summarize: the loss shows whether all ways learn alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rows import Row
from benchmarks.training.comparison import compare_ways


def measure(rounds: int) -> Iterator[Row]:
    """Speed, memory and quality of every way."""
    yield from compare_ways("summarization", rounds)
