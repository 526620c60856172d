"""How fast a causal language model learns, and how well, in each of the ways people train one.

A GPT-2 of random weights (4 layers, 256 wide) learns docstrings of Python's standard library, of 12
words at least, each a row, cut at 512 tokens: 16 steps of 16 rows. Each way is a process of its
own, and all are interleaved, once for each seed. Speeds are those of the steps after the first. The
copied script pads every row to 512 tokens in fp32. The example script is ``run_clm.py``, which
joins all rows and cuts them to blocks of 512: it pads nothing, reads across rows, and learns all
rows in 4 steps, so that its quality does not compare. The raw loop is PyTorch alone, with the
micro-batches, the precision and the masks of ``ftspec run``.

The goals are 4 times the examples of the copied script, 0.95 of the raw loop, and 0.98 of a script
with the same batches; quality after the same steps is that of the copied script.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rows import Row
from benchmarks.training.comparison import compare_ways


def measure(rounds: int) -> Iterator[Row]:
    """Speed, memory and quality of every way."""
    yield from compare_ways("causal LM", rounds)
