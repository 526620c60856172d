"""Trains one family in every way, seed by seed, and compares speed, memory and quality."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.processes import Usage, python, run
from benchmarks.rows import Row, compare
from benchmarks.training import with_ftspec
from benchmarks.training.encoded import encode, load_tokenizer
from benchmarks.training.families import family_named, write_rows
from benchmarks.training.job import Job, Trained
from benchmarks.training.quality import Quality, measure_quality
from benchmarks.training.ways import WAYS

COPIED = "copied script"
RAW_LOOPS = {"ftspec run, fp32": "raw loop, fp32", "ftspec run": "raw loop, bf16"}
"""Ways of ftspec, and the loops that use the micro-batch overhead these measured."""
SAME_BATCHES = {"ftspec run, padded, bf16": "Trainer, dynamic, bf16", **RAW_LOOPS}
"""Ways of ftspec, and the hand-written ones that make the same batches."""

Values = dict[str, list[float]]


class Measures:
    """The results of all rounds, by way."""

    def __init__(self) -> None:
        self.trained: dict[str, list[Trained]] = defaultdict(list)
        self.used: dict[str, list[Usage]] = defaultdict(list)
        self.quality: dict[str, list[Quality]] = defaultdict(list)

    def rows(self) -> Iterator[Row]:
        """The table."""
        trained = self.trained.items()
        speed = {way: [one.rows / one.seconds for one in all_] for way, all_ in trained}
        tokens = {way: [one.real / one.seconds for one in all_] for way, all_ in trained}
        padding = {way: [one.padded / one.real for one in all_] for way, all_ in trained}
        by_hand = {
            way: [mine / its for mine, its in zip(tokens[way], tokens[other], strict=True)]
            for way, other in SAME_BATCHES.items()
        }
        yield from compare("examples/s", speed, to=COPIED)
        yield from compare("real tokens/s", tokens, to=COPIED)
        yield from compare("padded ÷ real tokens", padding)
        yield from compare("tokens/s ÷ the same batches by hand", by_hand)
        yield from compare(
            "peak memory, MB",
            {way: [one.memory for one in all_] for way, all_ in self.used.items()},
        )
        yield from compare("held-out loss", self._of_model("loss"))
        if next(iter(self.quality.values()))[0].accuracy is not None:
            yield from compare("held-out accuracy", self._of_model("accuracy"))

    def _of_model(self, name: str) -> Values:
        return {way: [getattr(one, name) for one in all_] for way, all_ in self.quality.items()}


def compare_ways(family: str, rounds: int) -> Iterator[Row]:
    """One round for every seven of ``rounds``, so three at 21, each with its own seed."""
    measures = Measures()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        learned = family_named(family)
        model = learned.model(folder / "model")
        rows, held_out = write_rows(learned, folder)
        first = Job(
            family=family, way="", seed=0, model=str(model), rows=str(rows), folder=str(folder)
        )
        encoded = encode(first, load_tokenizer(first))
        yield from compare("tokens", {"a row": [len(ids) for ids in encoded["input_ids"]]})
        for seed in range(max(1, rounds // 7)):
            overheads: dict[str, int | None] = {}  # by loop
            for number, (way, one) in enumerate(WAYS.items()):
                if family in one.skipped:
                    continue
                job = replace(
                    first,
                    way=way,
                    seed=seed,
                    folder=str(folder / f"{seed}-{number}"),
                    overhead_tokens=overheads.get(way),
                )
                measures.used[way].append(
                    run(python("-m", "benchmarks.training", str(job.to_file())))
                )
                measures.trained[way].append(Trained.read(job))
                measures.quality[way].append(measure_quality(job, held_out))
                if way in RAW_LOOPS:
                    overheads[RAW_LOOPS[way]] = with_ftspec.overhead_tokens(job)
    yield from measures.rows()
