"""``ftspec run``, the command itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.silence import Silence
from benchmarks.training.job import Job, Trained
from ftspec.engine.run.execute import execute
from ftspec.engine.run.opening import start_run
from ftspec.linting import examine
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText


def exact_auto(job: Job) -> Trained:
    """With the defaults."""
    return _run(job, {})


def exact_fp32(job: Job) -> Trained:
    """In fp32."""
    return _run(job, {"precision": "fp32"})


def padded_bf16(job: Job) -> Trained:
    """With batches that are padded to their longest row, in bf16."""
    return _run(job, {"batching": "padded", "precision": "bf16"})


def within_this_process(job: Job, **config: str) -> Trained:
    """With the defaults, in this process: kernels are loaded once for all ways."""
    text = json.dumps(_spec(job, {}, config))
    registry = build_registry(with_entry_points=False)
    verdict = examine(SourceText("spec.yaml", text), registry, environment={})
    assert verdict.plan is not None, verdict.diagnostics
    execute(
        verdict.plan,
        start_run(verdict.plan, text),
        registry=registry,
        watcher=Silence(),
        command=["ftspec", "run", "spec.yaml"],
    )
    return _trained(job)


def overhead_tokens(job: Job) -> int | None:
    """The micro-batch overhead that the run measured; ``None`` where it trains without padding."""
    found = json.loads((_run_dir(job) / "lock.json").read_text(encoding="utf-8"))
    overhead: int | None = found.get("micro_batch_overhead_tokens")
    return overhead


def _run(job: Job, performance: Mapping[str, str]) -> Trained:
    spec = Path(job.folder) / "spec.yaml"
    spec.write_text(json.dumps(_spec(job, performance), indent=2), encoding="utf-8")
    command = [sys.executable, "-m", "ftspec", "run", str(spec)]
    environment = os.environ | {"FTSPEC_CACHE": str(Path(job.folder).parent / "cache")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    return _trained(job)


def _trained(job: Job) -> Trained:
    """The account of the run; its model is copied to where the other ways save theirs."""
    run_dir = _run_dir(job)
    account = json.loads((run_dir / "performance.json").read_text(encoding="utf-8"))
    shutil.copytree(run_dir / "model", job.trained)
    seconds = account["seconds"]["train"]
    speed = account["speed"]
    real = speed["tokens_per_second"] * seconds
    return Trained(
        rows=round(speed["rows_per_second"] * seconds),
        real=round(real),
        padded=round(real * account["tokens"]["padded"] / account["tokens"]["real"]),
        seconds=seconds,
    )


def _run_dir(job: Job) -> Path:
    (run_dir,) = Path(job.folder, "runs", "benchmark").glob("2*")
    return run_dir


def _spec(
    job: Job, performance: Mapping[str, str], config: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    family = job.learned
    lengths = {"max_length": family.max_length}
    if family.max_target_length is not None:
        lengths["max_target_length"] = family.max_target_length
    return {
        "ftspec": 1,
        "name": "benchmark",
        "seed": job.seed,
        "data": {"source": {"type": "json", "files": job.rows}, "splits": {"train": "train"}},
        "preprocess": {"template": dict(family.template)},
        "tokenizer": lengths,
        "model": {"checkpoint": job.model, "config": dict(config)},
        "task": {"type": family.task, **family.task_options},
        "training": {
            "learning_rate": family.learning_rate,
            "per_device_train_batch_size": family.batch,
            "max_steps": family.steps,
            "save_strategy": "no",
        },
        "performance": dict(performance),
        "metrics": [],
        "output": {"dir": str(Path(job.folder) / "runs")},
    }
