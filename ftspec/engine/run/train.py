"""Trains, evaluates and saves a compiled run."""

from __future__ import annotations

import copy
import math
import shutil
from collections.abc import Mapping
from typing import Any

from datasets import Dataset
from transformers import PretrainedConfig, Trainer

from ftspec.engine.callbacks.loss_sums import LossSums, records_at, rows_at
from ftspec.engine.progress.outcome import GroupsBySet, MetricsBySplit
from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.run.compile import CompiledRun
from ftspec.engine.run.metrics_by_group import groups_of_set, groups_to_json
from ftspec.engine.run.resuming import choose_checkpoint
from ftspec.engine.trainer.logged_metrics import bare_metrics, metrics_of_set
from ftspec.engine.trainer.sharding import ShardingCheck
from ftspec.errors import in_one_line
from ftspec.files import open_as_their_folder
from ftspec.manifest import write_manifest
from ftspec.rundir import RunDirectory

_NEW_MODEL = "model.new"


def train_and_save(
    run: CompiledRun,
    run_dir: RunDirectory,
    log: RunLog,
    *,
    resume: bool,
    stays_connected: bool = False,
) -> tuple[MetricsBySplit, GroupsBySet]:
    """Train to the end, with ``resume`` from the latest checkpoint; the metrics of each split, and
    of the groups of sets. Afterwards torch has no process group, unless it ``stays_connected``.

    Raises:
        KeyboardInterrupt: the run was stopped, and a checkpoint saved.
    """
    run.trainer.sliced = [
        name
        for name, one in run.sets.items()
        if run.plan.evaluation[name].by and isinstance(one.fields, Dataset)
    ]
    metrics = _train(run, run_dir, log, resume=resume, stays_connected=stays_connected)
    groups: GroupsBySet = {}
    log.phase("evaluating")
    for split, prefix in (("validation", "eval"), ("test", "test")):
        rows = run.data.encoded.get(split)
        if rows is not None:
            logged = _last_evaluation(run.trainer, f"{prefix}_loss") or run.trainer.evaluate(
                rows, metric_key_prefix=prefix
            )
            metrics[split] = bare_metrics(logged, prefix, run.plan.evaluation)
    for name, prepared in run.sets.items():
        known = _last_evaluation(run.trainer, f"eval_{name}/loss")
        if known is None:
            known = run.trainer.evaluate_set(name, prepared.encoded)
            run.trainer.log(known)
        metrics[name] = metrics_of_set(known, name)
        by_group = _metrics_by_group(run, name, metrics[name], log)
        if by_group:
            groups[name] = by_group
    log.phase("saving")
    save_model(run, run_dir)
    _disconnect(run, stays_connected)
    return metrics, groups


def _disconnect(run: CompiledRun, stays_connected: bool) -> None:
    """End the process group, unless a program has it for more than this run."""
    if not stays_connected:
        run.trainer.accelerator.end_training()


def _metrics_by_group(
    run: CompiledRun, name: str, metrics: Mapping[str, float], log: RunLog
) -> Mapping[str, Any]:
    """The metrics of the groups of a set, from the outputs of its last evaluation."""
    outputs, prepared = run.trainer.outputs.pop(name, None), run.sets[name]
    if outputs is None or not prepared.groups:
        return {}
    loss = metrics.get("loss", math.nan)
    try:
        found = groups_of_set(run.data.task, prepared, outputs, run.metrics, loss)
    except Exception as error:  # the model is trained
        log.warn(f"{name}: the metrics of groups are left out: {in_one_line(error)}")
        return {}
    if not found:
        log.note(f"{name}: there are no metrics of groups: its rows are not measured one by one")
    return groups_to_json(found)


def _train(
    run: CompiledRun, run_dir: RunDirectory, log: RunLog, *, resume: bool, stays_connected: bool
) -> MetricsBySplit:
    trainer = run.trainer
    checkpoint = choose_checkpoint(run_dir, log) if resume else None
    resumed_at = 0
    if checkpoint is not None:
        resumed_at = int(checkpoint.name.rpartition("-")[2])
        run_dir.drop_metrics_after(resumed_at, rows_at(checkpoint))
        records = records_at(checkpoint)
        if records and run_dir.restore_metrics(records):
            log.note('"metrics.jsonl" was damaged; its rows are now those of the checkpoint')
        log.note(f"resuming from step {resumed_at}")
    trainer.add_callback(LossSums(trainer, run_dir))
    trainer.add_callback(ShardingCheck(run.plan, trainer))
    log.phase("training")
    with run.interruption:
        result = trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if run.interruption.requested:
        trainer.accelerator.wait_for_everyone()  # the first process may still save
        _disconnect(run, stays_connected)
        raise run.interruption.interrupt
    loss = trainer.mean_training_loss()
    if loss is None:
        loss = _mean_training_loss(trainer, result.training_loss, resumed_at)
    return {"train": {} if loss is None else {"loss": loss}}


def save_model(run: CompiledRun, run_dir: RunDirectory) -> None:
    """Save the model beside its place, and move it there when all of it is on the disk."""
    folder = run_dir.path / _NEW_MODEL
    is_first = run.trainer.is_world_process_zero()
    if is_first:
        shutil.rmtree(folder, ignore_errors=True)
    run.trainer.accelerator.wait_for_everyone()
    run.trainer.save_model(str(folder))  # in all processes: weights may be sharded
    run.trainer.accelerator.wait_for_everyone()
    if is_first:
        if run.plan.adapter is not None:  # an adapter saves only its own weights
            _without_quantization(run.config).save_pretrained(folder)
        open_as_their_folder(folder)
        write_manifest(folder)
        if run_dir.model.exists():
            shutil.rmtree(run_dir.model)
        folder.rename(run_dir.model)
    run.trainer.accelerator.wait_for_everyone()


def _without_quantization(config: PretrainedConfig) -> PretrainedConfig:
    """The configuration without the quantization that an adapter asked for when it loaded the
    checkpoint: the checkpoint itself is not quantized."""
    config = copy.deepcopy(config)
    vars(config).pop("quantization_config", None)
    return config


def _mean_training_loss(trainer: Trainer, since: float, resumed_at: int) -> float | None:
    """The mean over all steps: those since the run was resumed, and those logged before, where the
    checkpoint does not have their sum. ``None`` if there are neither."""
    total, last = 0.0, 0.0
    for logs in trainer.state.log_history:
        if "loss" in logs and logs["step"] <= resumed_at:
            total += logs["loss"] * (logs["step"] - last)
            last = logs["step"]
    done = trainer.state.global_step
    if last == 0:
        return since if done > resumed_at else None
    return (total / last * resumed_at + since * (done - resumed_at)) / done


def _last_evaluation(trainer: Trainer, loss: str) -> Mapping[str, float] | None:
    """The last evaluation during training that logged this loss, if it was of the weights that
    training ended with."""
    if trainer.args.load_best_model_at_end:
        return None
    for logs in reversed(trainer.state.log_history):
        if loss in logs and logs["step"] == trainer.state.global_step:
            return logs
    return None
