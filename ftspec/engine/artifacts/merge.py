"""Merges a trained adapter into its checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ftspec.engine.artifacts.saved_model import load_trained, restore_task
from ftspec.engine.patches.quiet_libraries import quiet_libraries
from ftspec.engine.progress.run_log import Watcher
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory


def write_merged(plan: Plan, run_dir: RunDirectory, watcher: Watcher, folder: Path) -> None:
    """Write the merged model of a run in fp32, with its tokenizer, in the files that a run without
    an adapter has. A checkpoint that was quantized for training is loaded unquantized, because its
    quantized weights are too imprecise to merge into.

    Raises:
        RunError: the run has no model, its checkpoint is gone, or the adapter cannot be merged.
        MissingExtraError: a package is not installed.
    """
    with quiet_libraries(only_errors=True):
        trained = load_trained(plan, run_dir, watcher.note, is_quantized=False)
        assert trained.adapter is not None
        merged = trained.adapter.merge(trained.module)
        module: Any = restore_task(plan, trained, watcher.note).wrap(merged)
        module.save_pretrained(folder)
        trained.tokenizer.save_pretrained(folder)
