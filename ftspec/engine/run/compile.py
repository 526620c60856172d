"""From a plan to a compiled run: data prepared, model loaded, Trainer built, nothing trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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

from ftspec.components import CallbackComponent
from ftspec.engine.callbacks.best_checkpoint import BestCheckpoint
from ftspec.engine.callbacks.interruption import Interruption
from ftspec.engine.callbacks.metrics import MetricsCallback, metrics_of
from ftspec.engine.callbacks.reporter import Reporter
from ftspec.engine.callbacks.tensorboard import TensorBoard
from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.components.packages import require_needed_packages
from ftspec.engine.data.columns import Rows
from ftspec.engine.data.evaluation_sets import PreparedSet, prepare_sets
from ftspec.engine.data.preparation import Preparation, prepare
from ftspec.engine.data.source_splits import settle_splits
from ftspec.engine.model.adapter import build_adapter
from ftspec.engine.model.attention import names_attention, use_fastest_attention
from ftspec.engine.model.checkpoint import Checkpoint, commit_of, locate
from ftspec.engine.model.config import load_config
from ftspec.engine.model.earlier_run import BaseWeights, base_weights
from ftspec.engine.model.head import plan_head
from ftspec.engine.model.inputs import require_texts
from ftspec.engine.model.length_limits import position_limit
from ftspec.engine.model.load import load_model
from ftspec.engine.model.parameters import count_parameters
from ftspec.engine.model.precision import Precision, resolve_precision
from ftspec.engine.model.torch_compile import try_compiler
from ftspec.engine.model.vocabulary import fit_to_tokenizer, grow_embeddings
from ftspec.engine.model.weight_dtype import (
    dtype_to_load,
    precision_of,
    require_dtype,
    widen_trained,
)
from ftspec.engine.processes.group import ALONE, Group
from ftspec.engine.progress.run_log import Note, RunLog, drop_note
from ftspec.engine.trainer.arguments import build_arguments, rows_per_batch
from ftspec.engine.trainer.batching_choice import choose_batching
from ftspec.engine.trainer.calibration import settle_overhead
from ftspec.engine.trainer.global_batch import GlobalBatch, global_batch
from ftspec.engine.trainer.loader_settings import choose_loading
from ftspec.engine.trainer.next_token import require_next_token
from ftspec.engine.trainer.padding import settle_padding
from ftspec.engine.trainer.sharding import require_sharding
from ftspec.engine.trainer.step_checks import StepChecks
from ftspec.engine.trainer.trainer import StepTrainer, trainer_class_for
from ftspec.errors import RunError
from ftspec.planning.hyperparameters import hyperparameters_of
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Adapter, CallbackContext, NewWeights, Task
from ftspec.rundir import RunDirectory

_COMPILED_LENGTHS = 32
"""The lengths of batches for a compiled model are multiples of so many tokens."""


@dataclass(frozen=True, kw_only=True)
class CompiledRun:
    """Everything that a run needs. ``config`` is that of the model, which an adapter does not
    save. ``sets`` are the further sets to evaluate on."""

    plan: Plan
    trainer: StepTrainer
    model: nn.Module
    config: PretrainedConfig
    data: Preparation
    sets: Mapping[str, PreparedSet]
    metrics: MetricsCallback
    checkpoint: Checkpoint | None
    precision: Precision
    interruption: Interruption


@dataclass(frozen=True, kw_only=True)
class _LoadedModel:
    """The model that is trained, and the configuration it was loaded with."""

    model: nn.Module
    config: PretrainedConfig
    precision: Precision


def compile_run(
    plan: Plan,
    run_dir: RunDirectory,
    log: RunLog,
    group: Group = ALONE,
    *,
    recorded_overhead: int | None = None,
) -> CompiledRun:
    """Build the run of a plan, in each process of a ``group``. A resumed run splits its steps by
    the micro-batch overhead that it recorded.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        MissingExtraError: a package is not installed.
    """
    # what the machine cannot do is said before any row is prepared
    require_needed_packages(plan)
    resolved = resolve_precision(plan.performance.precision, _uses_cpu(plan))
    require_dtype(plan)
    require_sharding(plan, group.launch.world_size)
    if plan.performance.compile:
        try_compiler(plan, group.launch.local_rank)
    set_seed(plan.seed)
    written = plan.model.checkpoint
    checkpoint = None if written is None else locate(written, plan.model.revision)
    batch = global_batch(plan, group.launch.world_size)
    require_texts(load_config(plan.model, checkpoint, {}), plan.task.component.auto_model)
    log.phase("preparing data")
    plan = settle_splits(plan, log)
    data = prepare(plan, checkpoint, log, group)
    _check_batches(plan, data.encoded["train"], group.launch.world_size, batch)
    sets = prepare_sets(plan, data, log, group)
    log.phase("loading model")
    loaded = _load(plan, checkpoint, data, resolved, log)
    _note_parameters(loaded.model, log)
    metrics = metrics_of(plan, data.task, log.note)
    interruption, checks = Interruption(log, group.launch.world_size), StepChecks()
    _note_rows_of_step(plan, data.task, group.launch.world_size, batch, log)
    callbacks = [
        *_records(plan, run_dir, log),
        metrics,
        interruption,
        *_build_callbacks(plan, data, run_dir, log, checks),
    ]
    trainer = _build_trainer(plan, run_dir, data, loaded, metrics, callbacks, log, checks, batch)
    trainer.sets = _during_training(plan, sets)
    _settle_batching(trainer, plan, recorded_overhead, log)
    return CompiledRun(
        plan=plan,
        trainer=trainer,
        model=loaded.model,
        config=loaded.config,
        data=data,
        sets=sets,
        metrics=metrics,
        checkpoint=checkpoint,
        precision=loaded.precision,
        interruption=interruption,
    )


def _records(plan: Plan, run_dir: RunDirectory, log: RunLog) -> list[TrainerCallback]:
    """What writes down how training goes."""
    return [
        TensorBoard(run_dir, hyperparameters_of(plan)),
        Reporter(log, run_dir, plan.evaluation),
        BestCheckpoint(run_dir),
    ]


def _during_training(plan: Plan, sets: Mapping[str, PreparedSet]) -> dict[str, Rows]:
    """The rows of the sets that are evaluated whenever the run evaluates."""
    return {
        name: one.encoded for name, one in sets.items() if plan.evaluation[name].during_training
    }


def _uses_cpu(plan: Plan) -> bool:
    return bool(plan.training.get("use_cpu", False))


def _load(
    plan: Plan,
    checkpoint: Checkpoint | None,
    data: Preparation,
    resolved: tuple[Precision, str],
    log: RunLog,
) -> _LoadedModel:
    """The model as it is trained: with its adapter, and with the fastest exact attention."""
    with base_weights(plan, checkpoint, log.note) as base:
        adapter = None
        if plan.adapter is not None and base.checkpoint is not None:
            adapter = build_adapter(plan, commit_of(base.checkpoint), log.note)
        loaded, new = _load_pretrained(plan, base, data, adapter, log)
        if base.is_merged and checkpoint is not None:
            loaded.name_or_path = checkpoint.name
        precision = precision_of(loaded, resolved, log.note)
        use_fastest_attention(loaded, plan.model.config, precision, _uses_cpu(plan), log.note)
        other: Sequence[str] = ()
        if base.adapter is not None:
            head = plan_head(loaded.config, data.task.model_settings(), data.checkpoint_labels)
            other = head.other_weights(loaded, log.note) if head is not None else ()
        trained = loaded if adapter is None else adapter.attach(loaded, new)
        if adapter is not None and base.adapter is not None:
            adapter.load_weights(trained, base.adapter, other)
        if adapter is not None:
            widen_trained(trained)
    model = data.task.wrap(trained)
    return _LoadedModel(model=model, config=loaded.config, precision=precision)


def _load_pretrained(
    plan: Plan, base: BaseWeights, data: Preparation, adapter: Adapter | None, log: RunLog
) -> tuple[PreTrainedModel, NewWeights]:
    """The model with the head the task needs and the vocabulary the tokenizer has."""
    settings = data.task.model_settings()
    config = load_config(plan.model, base.checkpoint, settings)
    fit_to_tokenizer(plan.model, config, data.tokenizer)
    set_seed(plan.seed)  # new weights do not depend on how the data was prepared
    options = {"dtype": dtype_to_load(plan, config)}
    if adapter is not None:
        options |= adapter.load_options()
    auto_model = plan.task.component.auto_model
    head = plan_head(config, settings, data.checkpoint_labels)
    note: Note = log.note
    if base.adapter is not None:
        head, note = None, drop_note  # the adapter brings its own head
    model, names = load_model(plan.model, base.checkpoint, config, auto_model, note, options, head)
    tokens = grow_embeddings(model, data.tokenizer, log.note)
    return model, NewWeights(parameters=names, tokens=tokens)


def _build_trainer(
    plan: Plan,
    run_dir: RunDirectory,
    data: Preparation,
    loaded: _LoadedModel,
    metrics: MetricsCallback,
    callbacks: list[TrainerCallback],
    log: RunLog,
    checks: StepChecks,
    batch: GlobalBatch | None,
) -> StepTrainer:
    rows = data.encoded["train"]
    choice = choose_batching(plan, data.task, loaded.config, rows, log)
    trainer = trainer_class_for(data.task.trainer_class or Trainer)(
        model=loaded.model,
        args=build_arguments(
            plan,
            data.task,
            run_dir,
            loaded.precision,
            needs_predictions=metrics.needs_predictions,
            loading=choose_loading(plan.training, rows, _uses_cpu(plan)),
            batch=batch,
        ),
        data_collator=_collator(plan, data.task, loaded),
        train_dataset=rows,
        eval_dataset=data.encoded.get("validation"),
        processing_class=data.tokenizer,
        preprocess_logits_for_metrics=data.task.reduce_logits,
        callbacks=callbacks,
        task=data.task,
        loss_metrics=metrics.score_loss,
        prediction_metrics=metrics.score_predictions if metrics.needs_predictions else None,
        warn=log.warn,
        batching=choice.batching,
        overhead_tokens=choice.overhead_tokens,
        max_tokens=choice.max_tokens,
        checks=checks,
        global_batch=batch,
        **data.task.trainer_options(loaded.model),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _settle_batching(
    trainer: StepTrainer, plan: Plan, recorded_overhead: int | None, log: RunLog
) -> None:
    """Decide whether padding is computed, and what a micro-batch costs."""
    require_next_token(trainer, plan.task.component.auto_model)
    overhead = plan.performance.micro_batch_overhead_tokens
    padding = settle_padding(
        trainer,
        plan.task.component.auto_model,
        is_compiled=plan.performance.compile,
        # a spec that sets the overhead asks for steps that are split
        keeps_attention=names_attention(plan.model.config) or overhead is not None,
        has_random_weights=plan.model.checkpoint is None or plan.model.init == "random",
    )
    measured = settle_overhead(trainer, overhead, recorded_overhead)
    for note in (padding, measured):
        if note is not None:
            log.note(note)
    if trainer.global_batch is not None and trainer.batching != "exact":
        trainer.global_batch.require_even()


def _check_batches(
    plan: Plan, rows: Dataset | IterableDataset, world_size: int, batch: GlobalBatch | None
) -> None:
    """Refuse to train on nothing."""
    key = "per_device_train_batch_size" if batch is None else "global_batch_size"
    needed = rows_per_batch(plan) * world_size
    if batch is not None:
        needed = batch.rows // batch.accumulation
    drops = plan.training.get("dataloader_drop_last", False)
    if drops and isinstance(rows, Dataset) and len(rows) < needed:
        raise RunError(
            f"there are {len(rows):,} training rows, a batch has {needed:,}, and smaller ones are "
            "dropped",
            slug="corpus-too-small",
            at=("training", "dataloader_drop_last"),
            helps=(f'remove "dataloader_drop_last", or write a smaller "{key}"',),
        )


def _collator(
    plan: Plan, task: Task, loaded: _LoadedModel
) -> Callable[[list[dict[str, Any]]], Any]:
    """The collator of the task. For a compiled model it pads to few different lengths, if it pads
    as those of transformers do."""
    collate = task.collator(loaded.model)
    if plan.performance.compile and hasattr(collate, "pad_to_multiple_of"):
        limit = position_limit(loaded.config) or 0
        collate.pad_to_multiple_of = math.gcd(_COMPILED_LENGTHS, limit)  # never beyond the limit
    return collate


def _note_rows_of_step(
    plan: Plan, task: Task, world_size: int, batch: GlobalBatch | None, log: RunLog
) -> None:
    """What several processes compute together."""
    if world_size == 1:
        return
    if batch is None:
        accumulated = plan.training.get("gradient_accumulation_steps", 1)
        size = rows_per_batch(plan)
        times = f" x {accumulated} accumulated" if accumulated > 1 else ""
        rows = world_size * size * accumulated
        log.note(f"{world_size} processes: a step has {rows:,} rows, {world_size} x {size}{times}")
        return
    log.note(str(batch))
    if not task.rows_are_independent:
        log.note(
            "the loss of a row depends on the other rows of its batch: another number of processes "
            "learns something else"
        )


def _note_parameters(model: nn.Module, log: RunLog) -> None:
    trained, total = count_parameters(model)
    if trained < total:
        log.note(f"{trained:,} of {total:,} parameters are trained ({trained / total:.2%})")


def _build_callbacks(
    plan: Plan, data: Preparation, run_dir: RunDirectory, log: RunLog, checks: StepChecks
) -> list[TrainerCallback]:
    def make_one(callback: PlannedComponent[CallbackComponent]) -> TrainerCallback:
        context = partial(
            CallbackContext,
            run_dir=run_dir.path,
            tokenizer=data.tokenizer,
            task=data.task,
            mask=plan.mask,
            inputs=plan.task.component.inputs,
            fields=data.fields.get("validation", data.fields["train"]),
            read_steps=checks.reader(),
        )
        made: TrainerCallback = build(callback, make_contexts(plan, log.note, context))
        return made

    return [make_one(callback) for callback in plan.callbacks]
