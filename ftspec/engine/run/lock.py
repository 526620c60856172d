"""The lock of a run: exact versions and revisions of everything that made it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import datasets
import pyarrow as pa
import torch

from ftspec import __version__
from ftspec.engine.data.columns import Rows
from ftspec.engine.model.attention import attention_of
from ftspec.engine.model.checkpoint import identity_of
from ftspec.engine.model.parameters import count_parameters
from ftspec.engine.run.compile import CompiledRun
from ftspec.engine.trainer.sharding import wrapper_of
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from ftspec.spec.training import GLOBAL_BATCH_SIZE

OVERHEAD = "micro_batch_overhead_tokens"
"""The key of the lock that a resumed run reads."""

PROCESSES = "processes"
RESUMES = "resumes"
"""The numbers of processes: of the beginning, and of those resumes that changed it."""


class LockDriftError(RunError):
    """The run cannot go on here. Its status stays as it was."""

    def __init__(self, headline: str, *helps: str) -> None:
        super().__init__(headline, slug="lock-drift", helps=helps)


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
        PROCESSES: run.trainer.accelerator.num_processes,
        "wrapper": wrapper_of(run.trainer),
        "precision": run.precision,
        "attention": attention_of(run.model),
        OVERHEAD: _overhead_tokens(run),
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
        "evaluation": {
            name: _fingerprint(one.encoded) | ({"source": one.source} if one.has_own_source else {})
            for name, one in run.sets.items()
        },
    }
    masked: dict[str, Any] = run.plan.mask_all(lock)
    return masked


def check_lock(
    before: Mapping[str, Any], now: Mapping[str, Any], watched_set: str | None = None
) -> None:
    """Refuse to resume with other data or another model than the run began with. Of the sets, only
    the one that selects the best model must be the same.

    Raises:
        LockDriftError: they differ.
    """
    for key, what in (
        ("splits", "the data"),
        ("source", "the data's source"),
        ("model", "the model's checkpoint"),
    ):
        if before.get(key) != now.get(key):
            raise _drift(what)
    sets = [lock.get("evaluation", {}).get(watched_set) for lock in (before, now)]
    if sets[0] != sets[1]:
        raise _drift(f'the set "{watched_set}", which selects the best model,')


def check_processes(before: Mapping[str, Any], processes: int, plan: Plan) -> str | None:
    """Refuse to resume with another number of processes, where a step would have other rows. Where
    the spec sets the rows of all processes together, the change is a note, which is returned.

    Raises:
        LockDriftError: each step would have other rows.
    """
    began = _last_processes(before)
    if began is None or began == processes:
        return None
    counted = f"{began} process{'es' if began != 1 else ''}"
    if plan.training.get(GLOBAL_BATCH_SIZE) is None:
        raise LockDriftError(
            f"the run began with {counted}, not with {processes}: its steps would have other rows",
            f"start it with {counted}, or start a new run",
            'a run of a spec with "training: {global_batch_size: …}" goes on with any number',
        )
    return (
        f"the run had {counted} so far, and goes on with {processes}: its steps have the same rows"
    )


def with_processes(lock: Mapping[str, Any], processes: int) -> dict[str, Any]:
    """The lock of a resumed run, with the number of processes that goes on with it."""
    if _last_processes(lock) in (None, processes):
        return dict(lock)
    return {**lock, RESUMES: [*lock.get(RESUMES, ()), {PROCESSES: processes}]}


def _last_processes(lock: Mapping[str, Any]) -> int | None:
    counts = [lock.get(PROCESSES), *(one.get(PROCESSES) for one in lock.get(RESUMES, ()))]
    last: int | None = counts[-1]
    return last


def _drift(what: str) -> LockDriftError:
    return LockDriftError(
        f"{what} changed since the run began, so it cannot be resumed",
        'start a new run, or restore what changed; "lock.json" has what it was',
    )


def _overhead_tokens(run: CompiledRun) -> int | None:
    """``None`` where steps are not split, or are split only if memory asks for it."""
    micro_batching = run.trainer.micro_batching
    pads = micro_batching is not None and micro_batching.pads
    return micro_batching.overhead_tokens if micro_batching is not None and pads else None


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
