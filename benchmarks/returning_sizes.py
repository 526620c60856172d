"""What it brings, on a CPU in 16 bits, to fill micro-batches up to sizes that were there before.

A raw loop trains each family in the micro-batches of ``ftspec run``: those of the classifier and
the language model without padding, those of the summarizer cut as if one cost 256 tokens beside its
own. Widths and lines are filled up, or as they come. Each training is a process of its own, which
has made no kernels yet, and learns the rows four times, each time in another order, for sizes must
have been there before they come back. A seventh of the rounds is made, each with a seed of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import python, run
from benchmarks.rows import Row, compare
from benchmarks.training.families import FAMILIES, family_named, write_rows
from benchmarks.training.job import Job, Trained

AS_THEY_COME = "as they come"
CASES = {AS_THEY_COME: False, "filled up": True}
COSTS = {"summarization": 256}


def measure(rounds: int) -> Iterator[Row]:
    """Examples a second of each family."""
    for family in FAMILIES:
        speed: dict[str, list[float]] = {case: [] for case in CASES}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            learned = family_named(family)
            model = learned.model(folder / "model")
            rows, _ = write_rows(learned, folder)
            for seed in range(max(1, rounds // 7)):
                for case, fills in CASES.items():
                    job = Job(
                        family=family,
                        way="raw loop, bf16",
                        seed=seed,
                        model=str(model),
                        rows=str(rows),
                        folder=str(folder / f"{seed}-{fills}"),
                        cost_per_cut=COSTS.get(family),
                        fills=fills,
                        epochs=4,
                    )
                    run(python("-m", "benchmarks.training", str(job.to_file())))
                    trained = Trained.read(job)
                    speed[case].append(trained.rows / trained.seconds)
        yield from compare(f"{family}, examples/s", speed, to=AS_THEY_COME)
