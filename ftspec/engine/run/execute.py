"""Executes a plan: compile, train, evaluate, save; the run directory tells how far it came."""

from __future__ import annotations

import copy
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import PretrainedConfig, Trainer

from ftspec.engine.callbacks.interruption import termination_as_interrupt
from ftspec.engine.callbacks.reporter import bare_metrics
from ftspec.engine.callbacks.stopwatch import Stopwatch
from ftspec.engine.hub.push import HubPush
from ftspec.engine.processes.failure import AnotherFailedError, Failure
from ftspec.engine.processes.group import ALONE, Group
from ftspec.engine.processes.guard import Guard
from ftspec.engine.progress.outcome import Metrics, Outcome, RunFailedError, RunInterruptedError
from ftspec.engine.progress.run_log import RunLog, Watcher, quiet_libraries
from ftspec.engine.run.accounting.measured_steps import steps_of
from ftspec.engine.run.accounting.performance import FILE as PERFORMANCE
from ftspec.engine.run.accounting.performance import account
from ftspec.engine.run.compile import CompiledRun, compile_run, count_parameters
from ftspec.engine.run.html_report import render_report
from ftspec.engine.run.lock import write_lock
from ftspec.engine.run.opening import start_run
from ftspec.engine.trainer.calibration import settle_overhead
from ftspec.errors import FtspecError, RunError
from ftspec.files import open_as_their_folder
from ftspec.planning.plan import Plan
from ftspec.registry.isolation import Isolation, describe_error
from ftspec.registry.registry import Registry
from ftspec.rundir import RunDirectory, Status


def execute(
    plan: Plan,
    run_dir: RunDirectory,
    *,
    registry: Registry,
    watcher: Watcher,
    command: Sequence[str],
    resume: bool = False,
    group: Group = ALONE,
) -> Outcome:
    """Run the plan to its end in ``run_dir``; with ``resume``, from its latest checkpoint. Of a
    ``group`` of processes each calls it, all but the first with a directory that they only read.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        RunFailedError: something outside ftspec broke; the log has the traceback.
        RunInterruptedError: Ctrl-C.
        AnotherFailedError: another process of the group ended.
        MissingExtraError: a package is not installed.
    """
    quiet_libraries()
    digest = plan.digest()
    is_first = group.launch.is_first
    outcome = "failed"
    with (
        termination_as_interrupt(once=not group.launch.is_alone),
        RunLog(run_dir.log, watcher, plan.mask) as log,
    ):
        observers = _Observers(plan, run_dir, registry if is_first else None, log)

        def record(failure: Failure) -> None:
            status: Status = "interrupted" if failure.kind == "interrupted" else "failed"
            error = plan.mask(str(failure))
            run_dir.set_status(status, plan=digest, error=error)
            log.record_error(error)

        def end(failure: Failure) -> None:
            stopped = failure.kind == "interrupted"
            observers.call("ftspec_run_finished", outcome="interrupted" if stopped else "failed")

        with ExitStack() as resources, Guard(group, record, end) as guard:
            try:
                run_dir.set_status("preparing", plan=digest)
                pushes = is_first and plan.training.get("push_to_hub", False)
                # before anything is prepared: a token may be wrong
                push = resources.enter_context(HubPush(plan, run_dir, log)) if pushes else None
                run = compile_run(plan, run_dir, log, group)
                before = run_dir.read_json("lock.json") if resume else {}
                wanted, recorded = (
                    plan.performance.micro_batch_overhead_tokens,
                    before.get("micro_batch_overhead_tokens"),
                )
                measured = settle_overhead(run.trainer, wanted, recorded)
                if measured is not None:
                    log.note(measured)
                if is_first:
                    lock = write_lock(run, registry, command)
                    if resume:
                        _check_lock(before, lock)
                    else:
                        run_dir.write_json("lock.json", lock)
                observers.call("ftspec_run_started")
                run_dir.set_status("training", plan=digest)
                stopwatch = Stopwatch(run.trainer)
                run.trainer.add_callback(stopwatch)
                if push is not None:
                    run.trainer.add_callback(push)
                metrics = _train(run, run_dir, log, resume=resume)
                if is_first:
                    run_dir.write_json("metrics.json", metrics)
                    _tell_performance(run, stopwatch, run_dir, log)
                    run_dir.write_text("report.html", render_report(run_dir))
                if push is not None:
                    push.finish()
                guard.dismiss()
                run_dir.set_status("finished", plan=digest)
                outcome = "finished"
                return Outcome(run_dir, metrics)
            except KeyboardInterrupt:
                guard.dismiss()
                outcome = "interrupted"
                run_dir.set_status("interrupted", plan=digest)
                raise RunInterruptedError(run_dir) from None
            except Exception as error:
                guard.dismiss()
                failure = group.failure()
                if failure is not None and not _is_the_same(failure, error):
                    record(failure)
                    raise AnotherFailedError(failure) from error
                run_dir.set_status("failed", plan=digest, error=plan.mask(str(error)))
                if isinstance(error, FtspecError):
                    log.record_error(str(error))
                    raise
                log.record_error(traceback.format_exc())
                raise RunFailedError(error, run_dir) from error
            finally:
                observers.call("ftspec_run_finished", outcome=outcome)


def _is_the_same(failure: Failure, error: Exception) -> bool:
    """Whether all processes made the one mistake."""
    return isinstance(error, RunError) and error.headline == failure.headline


def _tell_performance(
    run: CompiledRun, stopwatch: Stopwatch, run_dir: RunDirectory, log: RunLog
) -> None:
    log.end_phase()
    try:
        performance = account(run, stopwatch, log.seconds)
    except Exception as error:  # the model is trained and saved
        log.warn(f"what the run cost could not be counted: {type(error).__name__}: {error}")
        return
    if performance is not None:
        run_dir.write_json(PERFORMANCE, performance.to_json())
        for line in performance.lines():
            log.note(line)


def rehearse(plan: Plan, *, watcher: Watcher, group: Group = ALONE) -> list[str]:
    """Compile the plan in a folder that is thrown away; what a run would do, as lines. Of a
    ``group`` of processes each calls it.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        MissingExtraError: a package is not installed.
    """
    quiet_libraries()
    with tempfile.TemporaryDirectory(prefix="ftspec-") as folder:
        run_dir = start_run(replace(plan, output_dir=Path(folder)), "")
        with (
            RunLog(run_dir.log, watcher, plan.mask) as log,
            Guard(group, lambda failure: None, lambda failure: None),
        ):
            run = compile_run(plan, run_dir, log, group)
            run.metrics.build()
            arguments = run.trainer.args
            trained, total = count_parameters(run.model)
            of_them = "" if trained == total else f", {trained:,} of them trained"
            lines = [f"{total:,} parameters{of_them}"]
            epochs = "" if arguments.max_steps > 0 else f" in {arguments.num_train_epochs:g} epochs"
            lines.append(f"{steps_of(run):,} steps{epochs}")
            return [*lines, "nothing was trained"]


def _train(run: CompiledRun, run_dir: RunDirectory, log: RunLog, *, resume: bool) -> Metrics:
    trainer = run.trainer
    checkpoint = run_dir.latest_checkpoint() if resume else None
    resumed_at = 0
    if checkpoint is not None:
        resumed_at = int(checkpoint.name.rpartition("-")[2])
        run_dir.drop_metrics_after(resumed_at)
        log.note(f"resuming from step {resumed_at}")
    log.phase("training")
    with run.interruption:
        result = trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if run.interruption.requested:
        trainer.accelerator.wait_for_everyone()  # the first process may still save
        trainer.accelerator.end_training()
        raise KeyboardInterrupt
    loss = _mean_training_loss(trainer, result.training_loss, resumed_at)
    metrics: Metrics = {"train": {} if loss is None else {"loss": loss}}
    log.phase("evaluating")
    for split, prefix in (("validation", "eval"), ("test", "test")):
        rows = run.data.encoded.get(split)
        if rows is not None:
            logged = _last_evaluation(trainer, prefix) or trainer.evaluate(
                rows, metric_key_prefix=prefix
            )
            metrics[split] = bare_metrics(logged, prefix)
    log.phase("saving")
    trainer.save_model(str(run_dir.model))  # to which engines that shard weights need them all
    if trainer.is_world_process_zero():
        if run.plan.adapter is not None:  # which saves its own weights alone
            _without_quantization(run.config).save_pretrained(run_dir.model)
        open_as_their_folder(run_dir.model)
    trainer.accelerator.end_training()
    return metrics


def _without_quantization(config: PretrainedConfig) -> PretrainedConfig:
    """The configuration without how the adapter had the checkpoint quantized when it was loaded: it
    would say that the checkpoint itself is."""
    config = copy.deepcopy(config)
    vars(config).pop("quantization_config", None)
    return config


def _mean_training_loss(trainer: Trainer, since: float, resumed_at: int) -> float | None:
    """The mean over all steps: those since the run was resumed, and those logged before; nothing
    where there are neither."""
    total, last = 0.0, 0.0
    for logs in trainer.state.log_history:
        if "loss" in logs and logs["step"] <= resumed_at:
            total += logs["loss"] * (logs["step"] - last)
            last = logs["step"]
    done = trainer.state.global_step
    if last == 0:
        return since if done > resumed_at else None
    return (total / last * resumed_at + since * (done - resumed_at)) / done


def _last_evaluation(trainer: Trainer, prefix: str) -> Mapping[str, float] | None:
    """What training itself measured last, where that was of the very weights it ended with."""
    if trainer.args.load_best_model_at_end:
        return None
    for logs in reversed(trainer.state.log_history):
        if f"{prefix}_loss" in logs and logs["step"] == trainer.state.global_step:
            return logs
    return None


def _check_lock(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to go on with other data, another model or other steps than the run began with."""
    if before.get("processes", now["processes"]) != now["processes"]:
        raise RunError(
            f"the run began with {before['processes']} processes, not with {now['processes']}: its "
            "steps would have other rows",
            slug="lock-drift",
            helps=(f"start it with {before['processes']} processes, or start a new run",),
        )
    for key, what in (
        ("splits", "the data"),
        ("source", "the data's source"),
        ("model", "the model's checkpoint"),
    ):
        if before.get(key) != now.get(key):
            raise RunError(
                f"{what} changed since the run began, so it cannot be resumed",
                slug="lock-drift",
                helps=('start a new run, or restore what changed; "lock.json" has what it was',),
            )


class _Observers:
    """Plugins that watch runs; their mistakes are warnings."""

    def __init__(
        self, plan: Plan, run_dir: RunDirectory, registry: Registry | None, log: RunLog
    ) -> None:
        self._arguments = {"plan": plan, "run_dir": run_dir}
        self._plugins = registry.plugins if registry is not None else ()
        self._log = log

    def call(self, hook: str, **more: Any) -> None:
        for plugin in self._plugins:
            if hook not in plugin.hooks:
                continue
            with Isolation(plugin, f'ran "{hook}"') as ran:
                plugin.call(hook, **self._arguments, **more)
            if ran.output:
                self._log.note(ran.output.rstrip("\n"))
            if ran.error is not None:
                said = describe_error(ran.error, plugin)
                self._log.warn(f'the plugin {plugin} raised in "{hook}": {said}')
