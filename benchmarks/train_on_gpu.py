"""What training takes on a GPU, in absolute figures.

The three families with models as large as BERT, T5 and GPT-2 in their base sizes (of random
weights) in batches of 64, and the encoder of ``train_classifier`` as it is. Ways are interleaved,
once for each seed; a seventh of the rounds is made. All are made in one process, and each twice in
a row, but for the copied script: a GPU is slow at shapes that it sees for the first time. The last
is timed, from the end of its first step.

The copied script pads every row to 512 tokens in fp32; the others compute in bf16. The raw loop is
PyTorch alone, with micro-batches that are made before it begins. "sdpa" is ``ftspec run`` where the
spec names that attention, so that steps are cut and rows padded. Grouping puts the longest rows
first, into the step that is not timed: its examples are shorter, its tokens count.

MFU is the share of a matrix product in bf16, measured on the spot, that goes into tokens of text:
arithmetic spent on padding does not count. The cost per cut is what ``ftspec run`` measured a
micro-batch to cost beside its tokens; -1 stands for a run that leaves padding out, which cuts
nothing. Device memory is what tensors took at most.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from benchmarks.rows import Row, compare
from benchmarks.training import with_ftspec
from benchmarks.training.encoded import encode, load_model_to_train, load_tokenizer
from benchmarks.training.families import FOR_GPU, family_named, write_rows
from benchmarks.training.job import Job, Trained
from benchmarks.training.quality import measure_quality
from benchmarks.training.ways import WAYS
from ftspec.engine.batching.token_counts import TokenCounts
from ftspec.engine.run.accounting.arithmetic import flop_of, measure_matmul

Train = Callable[[Job], Trained]

FAMILIES = (*reversed(FOR_GPU), "classification")
ONE_SHAPE = "copied script"
COMPARED: dict[str, Train] = {
    **{
        way: WAYS[way].train
        for way in (
            ONE_SHAPE,
            "Trainer, dynamic, bf16",
            "Trainer, group_by_length, bf16",
        )
    },
    "ftspec run, sdpa": partial(with_ftspec.within_this_process, attn_implementation="sdpa"),
    "ftspec run": with_ftspec.within_this_process,
    "raw loop, bf16": WAYS["raw loop, bf16"].train,
}
UNCUT = -1

Values = dict[str, dict[str, list[float]]]
"""Numbers by measure and case."""


def measure(rounds: int) -> Iterator[Row]:
    """Speed, MFU, memory and held-out loss of every way; nothing without a GPU."""
    if not torch.cuda.is_available():
        print("there is no GPU to measure on", file=sys.stderr)
        return
    matmul = measure_matmul("bf16", torch.device("cuda"))
    yield from compare("matrix product in bf16, TFLOP/s", {"this device": [matmul / 1e12]})
    for family in FAMILIES:
        values: Values = defaultdict(lambda: defaultdict(list))
        with tempfile.TemporaryDirectory() as name:
            os.environ["FTSPEC_CACHE"] = f"{name}/cache"
            for seed in range(max(1, rounds // 7)):
                _train_in_every_way(family, seed, Path(name), matmul, values)
        for measured, by_case in values.items():
            to = f"{family}: copied script" if measured == "examples/s" else None
            for row in compare(measured, by_case, to=to):
                yield replace(row, of="copied script" if to else None)


def _train_in_every_way(
    family: str, seed: int, folder: Path, matmul: float, values: Values
) -> None:
    learned = family_named(family)
    model = folder / "model"
    if not model.exists():
        model = learned.model(model)
    rows, held_out = write_rows(learned, folder)
    first = Job(
        family=family, way="", seed=seed, model=str(model), rows=str(rows), folder=str(folder)
    )
    flop = _flop_of_token(first)
    cost: int | None = None
    for number, (way, train) in enumerate(COMPARED.items()):
        if way == "ftspec run, sdpa" and learned.task == "summarization":
            continue  # it is what the model computes with in any case
        named = f"{family}: {way}"
        for attempt in ("timed",) if way == ONE_SHAPE else ("before", "timed"):
            job = replace(
                first,
                way=way,
                folder=str(folder / f"{seed}-{number}-{attempt}"),
                overhead_tokens=cost,
            )
            Path(job.folder).mkdir()
            torch.cuda.reset_peak_memory_stats()
            trained = train(job)
            memory = torch.cuda.max_memory_allocated()
            _free()
        if way.startswith("ftspec run"):
            cost = with_ftspec.overhead_tokens(job)
            values["cost per cut, tokens"][named].append(UNCUT if cost is None else cost)
        found = {
            "examples/s": trained.rows / trained.seconds,
            "real tokens/s": trained.real / trained.seconds,
            "padded ÷ real tokens": trained.padded / trained.real,
            "MFU, %": 100 * trained.real / trained.seconds * flop / matmul,
            "device memory, MB": memory / 1e6,
            "held-out loss": measure_quality(job, held_out).loss,
        }
        for measured, value in found.items():
            values[measured][named].append(value)
            print(f"{named}: {measured} {value:,.4g}", file=sys.stderr)
        _free()


def _flop_of_token(job: Job) -> float:
    """Of training on a token of text, in the mean of all rows."""
    rows = encode(job, load_tokenizer(job))
    columns = job.learned.length_columns
    tokens: dict[str, int] = dict.fromkeys(columns, 0)
    squares = 0
    for row in rows:
        for column in columns:
            tokens[column] += len(row[column])
            squares += len(row[column]) ** 2
    counts = TokenCounts(_padded_in=tokens, _squares=squares)
    return flop_of(load_model_to_train(job), counts) / counts.padded


def _free() -> None:
    gc.collect()
    torch.cuda.empty_cache()
