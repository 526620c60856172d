"""Plan to compiled run: data prepared, model loaded, Trainer built, nothing trained yet."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from datasets import Dataset, IterableDataset
from torch import nn
from transformers import (
    PretrainedConfig,
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    set_seed,
)

from ftspec.components import TaskComponent
from ftspec.document.paths import SpecPath
from ftspec.engine.callbacks.best_checkpoint import BestCheckpoint
from ftspec.engine.callbacks.interruption import Interruption
from ftspec.engine.callbacks.metrics import Metrics
from ftspec.engine.callbacks.reporter import Reporter, TensorBoard
from ftspec.engine.components.factories import build, context_maker
from ftspec.engine.data.preparation import Preparation, prepare
from ftspec.engine.model.adapter import build_adapter
from ftspec.engine.model.attention import names_attention, use_fastest_attention
from ftspec.engine.model.checkpoint import Checkpoint, commit_of, locate
from ftspec.engine.model.length_limits import position_limit
from ftspec.engine.model.load import fit_to_tokenizer, grow_embeddings, load_config, load_model
from ftspec.engine.model.precision import Precision, resolve_precision
from ftspec.engine.model.torch_compile import try_compiler
from ftspec.engine.processes.group import ALONE, Group
from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.trainer.arguments import build_arguments, rows_per_batch
from ftspec.engine.trainer.batch_mean_loss import BatchMeanLoss, trainer_class_for
from ftspec.engine.trainer.batching_choice import choose_batching
from ftspec.engine.trainer.loader_settings import choose_loading
from ftspec.engine.trainer.padding import settle_padding
from ftspec.errors import RunError
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Adapter, CallbackContext, NewWeights, Task
from ftspec.rundir import RunDirectory

_COMPILED_LENGTHS = 32
"""Tokens: lengths of batches for a compiled model are multiples of it."""


@dataclass(frozen=True, kw_only=True)
class CompiledRun:
    """Everything a run needs. ``config`` is that of the model, which an adapter does not save."""

    plan: Plan
    trainer: BatchMeanLoss
    model: nn.Module
    config: PretrainedConfig
    data: Preparation
    metrics: Metrics
    checkpoint: Checkpoint | None
    precision: Precision
    interruption: Interruption


def compile_run(
    plan: Plan, run_dir: RunDirectory, log: RunLog, group: Group = ALONE
) -> CompiledRun:
    """Build the run of a plan, in each process of a ``group``.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        MissingExtraError: a package is not installed.
    """
    # what the machine cannot do is said before any row is prepared
    use_cpu = bool(plan.training.get("use_cpu", False))
    precision, why = resolve_precision(plan.performance.precision, use_cpu)
    if plan.performance.compile:
        try_compiler(plan, group.launch.local_rank)
    set_seed(plan.seed)
    checkpoint = None
    if plan.model.checkpoint is not None:
        checkpoint = locate(plan.model.checkpoint, plan.model.revision)
    log.phase("preparing data")
    data = prepare(plan, checkpoint, log, group)
    _check_batches(plan, data.encoded["train"], group.launch.world_size)
    log.phase("loading model")
    adapter = None
    if plan.adapter is not None and checkpoint is not None:
        adapter = build_adapter(plan, commit_of(checkpoint), log.note)
    loaded, new = _load_model(plan, checkpoint, data, adapter, log)
    log.note(f"computing in {precision}: {why}")
    use_fastest_attention(loaded, plan.model.config, precision, use_cpu, log.note)
    model = data.task.wrap(loaded if adapter is None else adapter.attach(loaded, new))
    _tell_parameters(model, log)

    make_context = context_maker(plan, log)
    metrics = Metrics(plan.metrics, lambda metric: build(metric, make_context), data.task)
    interruption = Interruption(log, group.launch.world_size)
    batching = choose_batching(plan, data.task, loaded.config, data.encoded["train"], log)
    if not group.launch.is_alone:
        log.note(_rows_of_step(plan, group.launch.world_size))
    trainer = trainer_class_for(data.task.trainer_class or Trainer, batching.mixin)(
        model=model,
        args=build_arguments(
            plan,
            data.task,
            run_dir,
            precision,
            needs_predictions=metrics.needs_predictions,
            whole_steps=batching.whole_steps,
            loading=choose_loading(plan.training, data.encoded["train"], use_cpu),
        ),
        data_collator=_collator(plan, data.task, model, loaded.config),
        train_dataset=data.encoded["train"],
        eval_dataset=data.encoded.get("validation"),
        processing_class=data.tokenizer,
        preprocess_logits_for_metrics=data.task.reduce_logits,
        callbacks=[
            TensorBoard(run_dir),
            Reporter(log, run_dir),
            BestCheckpoint(run_dir),
            metrics,
            interruption,
            *_build_callbacks(plan, data, run_dir, log),
        ],
        task=data.task,
        loss_metrics=metrics.score_loss,
        prediction_metrics=metrics.score_predictions if metrics.needs_predictions else None,
        **batching.options,
        **data.task.trainer_options(model),
    )
    trainer.remove_callback(PrinterCallback)
    assert isinstance(plan.task.component, TaskComponent)
    auto_model = plan.task.component.auto_model
    padding = settle_padding(
        trainer,
        auto_model,
        is_compiled=plan.performance.compile,
        # who says what a cut costs wants steps to be cut
        keeps_attention=names_attention(plan.model.config)
        or plan.performance.micro_batch_overhead_tokens is not None,
    )
    if padding is not None:
        log.note(padding)
    return CompiledRun(
        plan=plan,
        trainer=trainer,
        model=model,
        config=loaded.config,
        data=data,
        metrics=metrics,
        checkpoint=checkpoint,
        precision=precision,
        interruption=interruption,
    )


def _check_batches(plan: Plan, rows: Dataset | IterableDataset, processes: int) -> None:
    """Refuse to train on nothing."""
    needed = rows_per_batch(plan) * processes
    drops = plan.training.get("dataloader_drop_last", False)
    if drops and isinstance(rows, Dataset) and len(rows) < needed:
        raise RunError(
            f"there are {len(rows):,} training rows, a batch has {needed:,}, and smaller ones are "
            "dropped",
            slug="corpus-too-small",
            at=("training", "dataloader_drop_last"),
            helps=(
                'remove "dataloader_drop_last", or write a smaller "per_device_train_batch_size"',
            ),
        )


def _collator(
    plan: Plan, task: Task, model: nn.Module, config: PretrainedConfig
) -> Callable[[list[dict[str, Any]]], Any]:
    """The task's; for a compiled model with lengths in few sizes, where it pads as those of
    transformers do."""
    collate = task.collator(model)
    if plan.performance.compile and hasattr(collate, "pad_to_multiple_of"):
        limit = position_limit(config) or 0
        collate.pad_to_multiple_of = math.gcd(_COMPILED_LENGTHS, limit)  # none is beyond it
    return collate


def _load_model(
    plan: Plan,
    checkpoint: Checkpoint | None,
    data: Preparation,
    adapter: Adapter | None,
    log: RunLog,
) -> tuple[PreTrainedModel, NewWeights]:
    """The model with the head the task needs and the vocabulary the tokenizer has."""
    assert isinstance(plan.task.component, TaskComponent)
    config = load_config(plan.model, checkpoint, data.task.model_settings())
    fit_to_tokenizer(plan.model, config, data.tokenizer)
    set_seed(plan.seed)  # new weights do not depend on how the data was prepared
    options = adapter.load_options() if adapter is not None else {}
    auto_model = plan.task.component.auto_model
    model, names = load_model(plan.model, checkpoint, config, auto_model, log.note, options)
    tokens = grow_embeddings(model, data.tokenizer, log.note)
    return model, NewWeights(parameters=names, tokens=tokens)


def _rows_of_step(plan: Plan, processes: int) -> str:
    accumulated = plan.training.get("gradient_accumulation_steps", 1)
    size = rows_per_batch(plan)
    times = f" x {accumulated} accumulated" if accumulated > 1 else ""
    rows = processes * size * accumulated
    return f"{processes} processes: a step has {rows:,} rows, {processes} x {size}{times}"


def _tell_parameters(model: nn.Module, log: RunLog) -> None:
    trained, total = count_parameters(model)
    if trained < total:
        log.note(f"{trained:,} of {total:,} parameters are trained ({trained / total:.2%})")


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """How many parameters are trained, and how many there are."""
    parameters = list(model.parameters())
    return sum(size_of(p) for p in parameters if p.requires_grad), sum(map(size_of, parameters))


def size_of(parameter: nn.Parameter) -> int:
    """How many weights it holds: those of four bits lie two in a byte."""
    quantized = getattr(parameter, "quant_state", None)
    return parameter.numel() if quantized is None else quantized.shape.numel()


def _build_callbacks(
    plan: Plan, data: Preparation, run_dir: RunDirectory, log: RunLog
) -> list[TrainerCallback]:
    assert isinstance(plan.task.component, TaskComponent)
    inputs = plan.task.component.inputs

    def make_context(planned: PlannedComponent, children: dict[SpecPath, Any]) -> CallbackContext:
        return CallbackContext(
            section=planned.at,
            seed=plan.seed,
            note=log.note,
            children=children,
            run_dir=run_dir.path,
            tokenizer=data.tokenizer,
            task=data.task,
            mask=plan.mask,
            inputs=inputs,
            fields=data.fields.get("validation", data.fields["train"]),
        )

    return [build(callback, make_context) for callback in plan.callbacks]
