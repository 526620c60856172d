"""Measured micro-batch overheads, kept on disk so that a repeated run splits its steps alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer

from ftspec.cache import cache_folder
from ftspec.engine.model.attention import attention_of
from ftspec.rundir import write_atomically

_MEASUREMENT = 3
"""The version of the measurement. Raising it forgets overheads that were measured before."""


def recall(measurement: Mapping[str, Any]) -> int | None:
    """The overhead measured before for such a model on such a machine, if any."""
    try:
        record = json.loads(_file(measurement).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    overhead = record.get("overhead_tokens") if isinstance(record, dict) else None
    return overhead if isinstance(overhead, int) else None


def remember(measurement: Mapping[str, Any], overhead: int) -> None:
    """Keep an overhead. If nothing can be written, it is measured again next time."""
    file = _file(measurement)
    record = {"overhead_tokens": overhead, **measurement}
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(record, indent=2) + "\n")


def measurement_of(trainer: Trainer) -> dict[str, Any]:
    """The model, the machine and the precision that an overhead holds for."""
    device = trainer.args.device
    config = getattr(trainer.model, "config", None)
    return {
        "measurement": _MEASUREMENT,
        "compiled": trainer.args.torch_compile,
        "model": type(trainer.model).__name__,
        "config": config.to_json_string() if config is not None else None,
        "attention": attention_of(trainer.model),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "threads": torch.get_num_threads(),
        "precision": trainer.accelerator.mixed_precision,
        "torch": torch.__version__,
    }


def _file(measurement: Mapping[str, Any]) -> Path:
    key = hashlib.sha256(json.dumps(measurement, sort_keys=True).encode()).hexdigest()
    return cache_folder().parent / "micro-batch-overhead" / f"{key}.json"
