"""What was found out about a model on a machine, kept on disk so that a repeated run need not find
it out again, and does the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import Trainer

from ftspec.cache import cache_folder
from ftspec.engine.model.attention import attention_of
from ftspec.files import write_atomically

Kind = Literal["micro-batch-overhead", "batching-trial"]

_VERSION = 4
"""Raising it forgets everything that was found out before."""


def recall(kind: Kind, about: Mapping[str, Any]) -> Any:
    """What was found out before about such a model on such a machine; ``None`` if nothing was."""
    try:
        record = json.loads(_file(kind, about).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record.get("found") if isinstance(record, dict) else None


def remember(kind: Kind, about: Mapping[str, Any], found: Any) -> None:
    """Keep a JSON value. If nothing can be written, it is found out again next time."""
    file = _file(kind, about)
    record = {"found": found, **about}
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(record, indent=2) + "\n")


def describe(trainer: Trainer) -> dict[str, Any]:
    """The model, the machine and the precision that a measurement holds for."""
    device = trainer.args.device
    config = getattr(trainer.model, "config", None)
    return {
        "version": _VERSION,
        "compiled": trainer.args.torch_compile,
        "model": type(trainer.model).__name__,
        "config": config.to_json_string() if config is not None else None,
        "attention": attention_of(trainer.model),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "threads": torch.get_num_threads(),
        "precision": trainer.accelerator.mixed_precision,
        "torch": torch.__version__,
    }


def _file(kind: Kind, about: Mapping[str, Any]) -> Path:
    key = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    return cache_folder().parent / kind / f"{key}.json"
