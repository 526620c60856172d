"""How fast models train on a GPU, in absolute figures.

The models are the three families in the base sizes of BERT, T5 and GPT-2, with random weights and
64 rows in a step, and the MiniLM encoder of ``train_classifier`` as it is there. Ways are
interleaved, once for each seed; there is one seed for every seven of ``--rounds``. All run in one
process, and each runs twice in a row except the copied script, because a GPU is slow on shapes that
it sees for the first time. The second run is timed, from the end of its first step.

The copied script pads every row to 512 tokens in fp32; the others compute in bf16. The raw loop is
PyTorch alone, with micro-batches that are made before it begins. "sdpa" is ``ftspec run`` with a
spec that names that attention, so that rows are padded and steps are split into micro-batches.
``group_by_length`` puts the longest rows into the first step, which is not timed. Its examples are
therefore shorter; compare its tokens.

MFU is the arithmetic spent on tokens of text, as a share of a bf16 matrix product measured on the
same device. Arithmetic spent on padding does not count. Micro-batch overhead is what ``ftspec run``
measured, in tokens; -1 means that it trains without padding and splits no step. Device memory is
the peak of allocated tensors.
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
UNSPLIT = -1
"""In place of the overhead of a run that splits no step."""

Values = dict[str, dict[str, list[float]]]
"""Numbers by measure, then by case."""


def measure(rounds: int) -> Iterator[Row]:
    """Speed, MFU, memory and held-out loss of every way; nothing without a GPU."""
    if not torch.cuda.is_available():
        print("no GPU to measure on", file=sys.stderr)
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
    overhead: int | None = None
    for number, (way, train) in enumerate(COMPARED.items()):
        if way == "ftspec run, sdpa" and learned.task == "summarization":
            continue  # T5 computes with "sdpa" in any case
        named = f"{family}: {way}"
        for attempt in ("timed",) if way == ONE_SHAPE else ("before", "timed"):
            job = replace(
                first,
                way=way,
                folder=str(folder / f"{seed}-{number}-{attempt}"),
                overhead_tokens=overhead,
            )
            Path(job.folder).mkdir()
            torch.cuda.reset_peak_memory_stats()
            trained = train(job)
            memory = torch.cuda.max_memory_allocated()
            _free()
        if way.startswith("ftspec run"):
            overhead = with_ftspec.overhead_tokens(job)
            shown = UNSPLIT if overhead is None else overhead
            values["micro-batch overhead, tokens"][named].append(shown)
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
    """Floating-point operations to train on one token of text: the mean over all rows."""
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
