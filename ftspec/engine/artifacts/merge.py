"""Writes the trained model of a run merged with its adapter, or in another dtype."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from ftspec.calibration import CALIBRATION
from ftspec.engine.artifacts.saved_model import (
    TrainedModel,
    load_trained,
    restore_task,
)
from ftspec.engine.model.config import load_config
from ftspec.engine.model.earlier_run import locked_checkpoint
from ftspec.engine.model.weight_dtype import DTYPES, dtype_to_load
from ftspec.engine.patches.quiet_libraries import quiet_libraries
from ftspec.engine.patches.reliable_hub import reliable_hub
from ftspec.engine.progress.run_log import Watcher
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory


def write_merged(
    plan: Plan, run_dir: RunDirectory, watcher: Watcher, dtype: str | None, folder: Path
) -> None:
    """Write the merged model of a run, with its tokenizer, in the files that a run without an
    adapter has, in a ``dtype`` of a spec, or as the run stored the weights of the checkpoint. It is
    merged in fp32: neither quantized weights nor those in 16 bits are precise enough to merge into.

    Raises:
        RunError: the run has no model, its checkpoint is gone, or the adapter cannot be merged.
        MissingExtraError: a package is not installed.
    """
    note = watcher.note
    with quiet_libraries(only_errors=True), reliable_hub(note):
        trained = load_trained(plan, run_dir, note, dtype=torch.float32)
        assert trained.adapter is not None
        if dtype is None:
            checkpoint = locked_checkpoint(plan, run_dir)
            stored = dtype_to_load(plan, load_config(plan.model, checkpoint, {}))
        else:
            stored = DTYPES[dtype]
        merged = trained.adapter.merge(trained.module)
        module = restore_task(plan, trained, note).wrap(merged)
        _save(module.to(stored), trained, folder)


def write_in_dtype(
    plan: Plan, run_dir: RunDirectory, watcher: Watcher, dtype: str, folder: Path
) -> None:
    """Write the model of a run without an adapter in a ``dtype`` of a spec, with its tokenizer.

    Raises:
        RunError: the run has no model.
    """
    with quiet_libraries(only_errors=True):
        trained = load_trained(plan, run_dir, watcher.note, dtype=DTYPES[dtype])
        module = restore_task(plan, trained, watcher.note).wrap(trained.module)
        _save(module, trained, folder)


def _save(module: Any, trained: TrainedModel, folder: Path) -> None:
    module.save_pretrained(folder)
    trained.tokenizer.save_pretrained(folder)
    if trained.calibration is not None:
        text = json.dumps(trained.calibration.to_json(), indent=2, ensure_ascii=False)
        (folder / CALIBRATION).write_text(text + "\n", encoding="utf-8")
