"""The ``training`` section as ``TrainingArguments``: the one module that knows their fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from transformers import TrainingArguments

from ftspec.diagnostics.suggest import did_you_mean
from ftspec.engine.model.precision import Precision
from ftspec.engine.trainer.global_batch import GlobalBatch
from ftspec.errors import RunError
from ftspec.planning.idle_arguments import idle_arguments
from ftspec.planning.plan import Plan
from ftspec.planning.sharding import arguments_that_save
from ftspec.protocols import Task
from ftspec.rundir import RunDirectory
from ftspec.spec.training import GLOBAL_BATCH_SIZE, argument_table

_PUSHED = {"hub_token", "push_to_hub"}
"""ftspec pushes by itself, so that no TrainingArguments hold a token."""


def build_arguments(
    plan: Plan,
    task: Task,
    run_dir: RunDirectory,
    precision: Precision,
    *,
    needs_predictions: bool,
    loading: Mapping[str, Any] = MappingProxyType({}),
    batch: GlobalBatch | None = None,
) -> TrainingArguments:
    """The arguments of a run: what the spec sets, what the task adds, what ftspec owns. ``loading``
    holds defaults. Of the ``batch`` of all processes they hold the part of one process.

    Raises:
        RunError: the installed transformers refuses a field or a combination.
    """
    arguments_class = task.arguments_class or TrainingArguments
    known = {field.name for field in dataclasses.fields(arguments_class)}
    for name in plan.training:
        if name not in known and name != GLOBAL_BATCH_SIZE:
            raise RunError(
                f'the installed transformers has no training argument "{name}"',
                slug="unknown-key",
                at=("training", name),
                helps=did_you_mean(name, known),
            )
    left_out = {argument.name for argument in idle_arguments(plan)} | _PUSHED
    left_out.add(GLOBAL_BATCH_SIZE)
    shared = {} if batch is None else batch.arguments
    try:
        return arguments_class(
            **{
                "logging_nan_inf_filter": False,  # it hides that a run diverges
                **task.arguments(),
                **loading,
                **{name: value for name, value in plan.training.items() if name not in left_out},
                **shared,
                **arguments_that_save(plan),
                **_owned(plan, run_dir, precision, needs_predictions),
            }
        )
    except (ValueError, ImportError, TypeError) as error:
        text = " ".join(str(error).split())
        named = [name for name in plan.training if name in text]
        at = ("training", named[0]) if named else ("training",)
        raise RunError(
            f"transformers refuses these settings: {text}", slug="bad-value", at=at
        ) from error


def _owned(
    plan: Plan, run_dir: RunDirectory, precision: Precision, needs_predictions: bool
) -> Mapping[str, Any]:
    owned: dict[str, Any] = {
        "output_dir": str(run_dir.checkpoints),
        "run_name": plan.name,
        "seed": plan.seed,
        "report_to": [],  # ftspec has its own TensorBoard callback
        "disable_tqdm": True,
        # collators choose what the model takes
        "remove_unused_columns": False,
        "prediction_loss_only": not needs_predictions,
        "bf16": precision == "bf16",
        "fp16": precision == "fp16",
    }
    if not torch.accelerator.is_available():
        owned["use_cpu"] = True  # else transformers refuses bf16 on a CPU
    if plan.performance.compile:
        owned["torch_compile"] = True
    return owned


def rows_per_batch(plan: Plan) -> int:
    """The rows of a batch on one device, as the spec sets it."""
    name = "per_device_train_batch_size"
    size: int = plan.training.get(name, argument_table()[name]["default"])
    return size
