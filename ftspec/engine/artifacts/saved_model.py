"""The trained model of a run, read back from its run directory."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from safetensors import SafetensorError
from torch import nn
from transformers import (
    AutoConfig,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedTokenizerBase,
)

from ftspec.calibration import CALIBRATION, Calibration, as_calibration
from ftspec.engine.data.task import build_task, lengths_of
from ftspec.engine.model.adapter import build_adapter
from ftspec.engine.model.earlier_run import load_base, locked_checkpoint
from ftspec.engine.model.weight_dtype import dtype_to_load
from ftspec.engine.progress.run_log import Note
from ftspec.engine.run.opening import require_model
from ftspec.errors import RunError, in_one_line
from ftspec.planning.plan import Plan
from ftspec.protocols import Adapter, Task
from ftspec.rundir import RunDirectory


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """The result of a run. ``module`` is the model, or the checkpoint with the adapter on top; the
    ``calibration`` was fitted to it after training."""

    config: PretrainedConfig
    tokenizer: PreTrainedTokenizerBase
    module: nn.Module
    adapter: Adapter | None
    calibration: Calibration | None = None


def load_trained(
    plan: Plan,
    run_dir: RunDirectory,
    note: Note,
    *,
    dtype: torch.dtype | None = None,
    folder: Path | None = None,
    is_calibrated: bool = True,
) -> TrainedModel:
    """The model of a run, ready to predict: with weights stored as in training, and with the
    checkpoint below an adapter quantized as in training; or all of it in a ``dtype``. With a
    ``folder``, what a checkpoint of training holds instead of the model, which has no calibration.

    Raises:
        RunError: the run has no model, or its checkpoint is not found.
        MissingExtraError: a package is not installed.
    """
    if folder is None:
        require_model(run_dir, with_hashes=True)
    saved = folder or run_dir.model
    checkpoint = adapter = None
    if plan.adapter is not None:
        checkpoint = locked_checkpoint(plan, run_dir)
        adapter = build_adapter(plan, checkpoint.revision, note)
    try:
        config = AutoConfig.from_pretrained(run_dir.model if adapter is not None else saved)
        tokenizer = AutoTokenizer.from_pretrained(saved)
        if adapter is None or checkpoint is None:
            module = _load_whole(plan, str(saved), dtype or dtype_to_load(plan, config))
        else:
            options = adapter.load_options() if dtype is None else {"dtype": dtype}
            base = load_base(plan, checkpoint, config, tokenizer, options)
            module = adapter.load(base, saved)
    except (OSError, ValueError, SafetensorError) as error:
        raise RunError(
            f'the model in "{saved}" cannot be read: {in_one_line(error)}',
            slug="no-model",
        ) from error
    return TrainedModel(
        config=config,
        tokenizer=tokenizer,
        module=module.eval(),
        adapter=adapter,
        calibration=read_calibration(run_dir) if folder is None and is_calibrated else None,
    )


def read_calibration(run_dir: RunDirectory) -> Calibration | None:
    """What was fitted to the model of a run; ``None`` if nothing was.

    Raises:
        RunError: its file is damaged.
    """
    path = run_dir.model / CALIBRATION
    if not path.is_file():
        return None
    try:
        calibration = as_calibration(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        calibration = None
    if calibration is None:
        reset = ("ftspec", "calibrate", str(run_dir.path), "--reset")
        raise RunError(
            f'"{path}" is damaged',
            slug="damaged-run",
            helps=(f"remove it: {shlex.join(reset)}",),
        )
    return calibration


def restore_task(plan: Plan, trained: TrainedModel, note: Note) -> Task:
    """The task as at the end of training."""
    lengths = lengths_of(plan, trained.tokenizer, trained.config, note)
    task = build_task(plan, trained.tokenizer, lengths, note)
    task.restore(trained.config)
    task.calibration = trained.calibration
    return task


def _load_whole(plan: Plan, folder: str, dtype: torch.dtype) -> nn.Module:
    auto_class = getattr(transformers, _auto_model(plan))
    module: nn.Module = auto_class.from_pretrained(folder, dtype=dtype)
    return module


def _auto_model(plan: Plan) -> str:
    return plan.task.component.auto_model
