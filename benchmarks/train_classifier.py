"""How fast a classifier is fine-tuned, and how well, in each of the ways people do it.

The packaged MiniLM encoder (22.7 million parameters) learns to classify docstrings of Python's
standard library by package, out of eight. Docstrings have 12 words or more and are truncated to 512
tokens; there are 20 steps of 16 rows. Each way runs in its own process. All ways are interleaved,
once for each seed; there is one seed for every seven of ``--rounds``. Speeds are those of the steps
after the first. The copied script pads every row to 512 tokens in fp32. The example script is
``run_glue.py`` with its defaults, which truncates rows to 128 tokens. The raw loop is PyTorch
alone, with the micro-batches and the precision of ``ftspec run``.

The goals are 20 times the examples of the copied script, 0.95 of the raw loop, and 0.98 of a script
with the same batches, at the quality of the copied script after the same steps.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.rows import Row
from benchmarks.training.comparison import compare_ways


def measure(rounds: int) -> Iterator[Row]:
    """Speed, memory and quality of every way."""
    yield from compare_ways("classification", rounds)
