"""What micro-batches were found to cost, kept so that a run made twice cuts alike."""

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

_MEASUREMENT = 2
"""Counts up where costs are measured in another way, so that those found before are forgotten."""


def recall(measured: Mapping[str, Any]) -> int | None:
    """The cost found for such a model on such a machine, if any."""
    try:
        record = json.loads(_file(measured).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    cost = record.get("overhead_tokens") if isinstance(record, dict) else None
    return cost if isinstance(cost, int) else None


def remember(measured: Mapping[str, Any], cost: int) -> None:
    """Keep a cost; where nothing can be written it is measured again next time."""
    file = _file(measured)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps({"overhead_tokens": cost, **measured}, indent=2) + "\n")


def what_is_measured(trainer: Trainer) -> dict[str, Any]:
    """The model, the machine and the precision that a cost holds for."""
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


def _file(measured: Mapping[str, Any]) -> Path:
    key = hashlib.sha256(json.dumps(measured, sort_keys=True).encode()).hexdigest()
    return cache_folder().parent / "micro-batch-overhead" / f"{key}.json"
