"""The lock of a run: exact versions and revisions of everything that made it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from importlib import metadata
from typing import Any

import datasets
import pyarrow as pa
import torch

from ftspec import __version__
from ftspec.engine.data.splits import Rows
from ftspec.engine.model.attention import attention_of
from ftspec.engine.model.checkpoint import identity_of
from ftspec.engine.run.compile import CompiledRun, count_parameters
from ftspec.engine.trainer.exact_batching import ExactBatching
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry

_PACKAGES = (
    "accelerate",
    "datasets",
    "evaluate",
    "huggingface-hub",
    "numpy",
    "pyarrow",
    "pydantic",
    "rouge-score",
    "sacrebleu",
    "safetensors",
    "scikit-learn",
    "sentencepiece",
    "tokenizers",
    "torch",
    "transformers",
)


def write_lock(run: CompiledRun, registry: Registry, command: Sequence[str]) -> dict[str, Any]:
    """The lock as JSON values. Fingerprints are SHA-256 of the encoded rows."""
    model = identity_of(run.checkpoint) if run.checkpoint is not None else None
    lock = {
        "ftspec": __version__,
        "plan": run.plan.digest(),
        "command": list(command),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": _device(run),
        "processes": run.trainer.accelerator.num_processes,
        "precision": run.precision,
        "attention": attention_of(run.model),
        "micro_batch_overhead_tokens": _overhead_tokens(run),
        "packages": {name: _version(name) for name in _packages(run.plan)},
        "plugins": {
            plugin.name: {"distribution": plugin.distribution, "version": plugin.version}
            for plugin in registry.plugins
            if not plugin.is_builtin and plugin.problem is None
        },
        "seeds": {"run": run.plan.seed, "data": run.plan.training.get("data_seed")},
        "source": run.data.source,
        "model": model,
        "parameters": dict(zip(("trained", "total"), count_parameters(run.model), strict=True)),
        "splits": {name: _fingerprint(rows) for name, rows in run.data.encoded.items()},
    }
    masked: dict[str, Any] = run.plan.mask_all(lock)
    return masked


def _overhead_tokens(run: CompiledRun) -> int | None:
    """None where steps are not cut, or lie in one line and are cut for the sake of memory alone."""
    trainer = run.trainer
    return trainer.overhead_tokens if isinstance(trainer, ExactBatching) and trainer.pads else None


def _packages(plan: Plan) -> list[str]:
    """What every run uses, and what the components of this one ask for."""
    asked = (name for planned in plan.components for name in planned.component.requires)
    return sorted({*_PACKAGES, *(name.partition(".")[0].replace("_", "-") for name in asked)})


def _device(run: CompiledRun) -> str:
    device = run.trainer.args.device
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)} x {torch.cuda.device_count()}"
    return f"{device.type} ({torch.get_num_threads()} threads)"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _fingerprint(rows: Rows) -> dict[str, Any]:
    """How many rows and the hash of their content; a stream has neither."""
    if not isinstance(rows, datasets.Dataset):
        return {"streamed": True}
    digest = hashlib.sha256()
    for table in rows.with_format("arrow").iter(batch_size=10_000):
        sink = pa.BufferOutputStream()
        plain = table.replace_schema_metadata(None).combine_chunks()
        with pa.ipc.new_stream(sink, plain.schema) as writer:
            writer.write_table(plain)
        digest.update(memoryview(sink.getvalue()))
    return {"rows": len(rows), "sha256": digest.hexdigest()}
