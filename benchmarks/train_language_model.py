"""How fast a causal language model trains, and how well, in each of the ways people do it.

A GPT-2 with random weights (4 layers, 256 wide) learns docstrings of Python's standard library.
Each docstring of 12 words or more is a row, truncated to 512 tokens; there are 16 steps of 16 rows.
Each way runs in its own process. All ways are interleaved, once for each seed; there is one seed
for every seven of ``--rounds``. Speeds are those of the steps after the first. The copied script
pads every row to 512 tokens in fp32. The example script is ``run_clm.py``, which joins all rows and
splits them into blocks of 512: it pads nothing, attends across rows, and sees all rows in 4 steps,
so its quality does not compare. The raw loop is PyTorch alone, with the micro-batches and the
precision of ``ftspec run``.

The goals are 4 times the examples of the copied script, 0.95 of the raw loop, and 0.98 of a script
with the same batches, at the quality of the copied script after the same steps.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rows import Row
from benchmarks.training.comparison import compare_ways


def measure(rounds: int) -> Iterator[Row]:
    """Speed, memory and quality of every way."""
    yield from compare_ways("causal LM", rounds)
