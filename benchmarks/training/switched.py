"""The raw loop with one thing switched on and off: the gain from that alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.processes import python, run
from benchmarks.rows import Row, compare
from benchmarks.training.families import FAMILIES, family_named, write_rows
from benchmarks.training.job import Job, Trained

OVERHEADS = {"summarization": 256}
"""Micro-batch overhead in tokens of the family that ``ftspec run`` pads."""


def measure_switched(
    rounds: int, cases: Mapping[str, Mapping[str, Any]], *, to: str, epochs: int
) -> Iterator[Row]:
    """Examples a second of each family in bf16, compared with the case ``to``. A case sets fields
    of a :class:`Job`. Each training runs in its own process. One round is made for every seven of
    ``rounds``, each with its own seed."""
    for family in FAMILIES:
        speed: dict[str, list[float]] = {case: [] for case in cases}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            learned = family_named(family)
            model = learned.model(folder / "model")
            rows, _ = write_rows(learned, folder)
            for seed in range(max(1, rounds // 7)):
                for number, (case, fields) in enumerate(cases.items()):
                    job = Job(
                        family=family,
                        way="raw loop, bf16",
                        seed=seed,
                        model=str(model),
                        rows=str(rows),
                        folder=str(folder / f"{seed}-{number}"),
                        overhead_tokens=OVERHEADS.get(family),
                        epochs=epochs,
                        **fields,
                    )
                    run(python("-m", "benchmarks.training", str(job.to_file())))
                    trained = Trained.read(job)
                    speed[case].append(trained.rows / trained.seconds)
        yield from compare(f"{family}, examples/s", speed, to=to)
