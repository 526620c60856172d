"""How fast a classifier is fine-tuned, and how well, in each of the ways people do it.

The packaged MiniLM encoder (22.7 million parameters) learns from docstrings of Python's standard
library, of 12 words at least and cut at 512 tokens, which of eight packages they stand in: 20 steps
of 16 rows. Each way is a process of its own, and all are interleaved, once for each seed. Speeds
are those of the steps after the first. The copied script pads every row to 512 tokens in fp32. The
example script is ``run_glue.py`` with its defaults, which cuts rows at 128 tokens. The raw loop is
PyTorch alone, with the micro-batches, the precision and the masks of ``ftspec run``.

The goals are 20 times the examples of the copied script, 0.95 of the raw loop, and 0.98 of a script
with the same batches; quality after the same steps is that of the copied script.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rows import Row
from benchmarks.training.comparison import compare_ways


def measure(rounds: int) -> Iterator[Row]:
    """Speed, memory and quality of every way."""
    yield from compare_ways("classification", rounds)
