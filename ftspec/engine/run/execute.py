"""Executes a plan: compile, train, evaluate, save."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass

from torch.distributed import is_initialized

from ftspec.checkpoints import drop_optimizers
from ftspec.engine.callbacks.interruption import Termination, termination_as_interrupt
from ftspec.engine.callbacks.ownership_check import OwnershipCheck
from ftspec.engine.callbacks.stopwatch import Stopwatch
from ftspec.engine.hub.push import HubPush
from ftspec.engine.model.parameters import count_parameters
from ftspec.engine.processes.failure import AnotherFailedError, Failure
from ftspec.engine.processes.group import ALONE, Group
from ftspec.engine.processes.guard import Guard
from ftspec.engine.progress.outcome import (
    GroupsBySet,
    MetricsBySplit,
    Outcome,
    RunFailedError,
    RunInterruptedError,
)
from ftspec.engine.progress.run_log import RunLog, Watcher
from ftspec.engine.run.accounting.measured_steps import steps_of
from ftspec.engine.run.accounting.performance import FILE as PERFORMANCE
from ftspec.engine.run.accounting.performance import account
from ftspec.engine.run.compile import CompiledRun, compile_run
from ftspec.engine.run.data_facts import FILE as DATA
from ftspec.engine.run.data_facts import data_facts
from ftspec.engine.run.disk_space import require_space, said_of_space, space_of_run
from ftspec.engine.run.lock import (
    OVERHEAD,
    check_lock,
    check_processes,
    with_processes,
    write_lock,
)
from ftspec.engine.run.observers import Observers
from ftspec.engine.run.opening import owned_run, restore_files
from ftspec.engine.run.record import RunRecord
from ftspec.engine.run.session import open_rehearsal, open_session
from ftspec.engine.run.train import train_and_save
from ftspec.errors import FtspecError, RunError
from ftspec.ownership import Ownership
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from ftspec.report.run_page import REPORT, render_run
from ftspec.rundir import GROUPS, RunDirectory
from ftspec.stopping import code_of_interrupt


def execute(
    plan: Plan,
    run_dir: RunDirectory,
    *,
    registry: Registry,
    watcher: Watcher,
    command: Sequence[str],
    resume: bool = False,
    ownership: Ownership | None = None,
    group: Group = ALONE,
    owns_process: bool = True,
) -> Outcome:
    """Run the plan to its end in ``run_dir``; with ``resume``, from its latest checkpoint. All
    processes of a ``group`` call it; all but the first only read the directory. The first owns the
    run, with an ``ownership`` already. Without ``owns_process`` no signal ends the process.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        RunFailedError: something outside ftspec broke; the log has the traceback.
        RunInterruptedError: Ctrl-C.
        AnotherFailedError: another process of the group ended.
        MissingExtraError: a package is not installed.
    """
    is_first = group.launch.is_first
    with (
        termination_as_interrupt(not group.launch.is_alone, owns_process) as termination,
        owned_run(run_dir) if is_first and ownership is None else nullcontext(ownership) as owned,
        open_session(plan, run_dir, watcher) as log,
        ExitStack() as resources,
    ):
        observers = Observers(plan, run_dir, registry if is_first else None, log)
        record = RunRecord(plan, run_dir, observers, log, owned)
        guard = resources.enter_context(Guard(group, record.fail_with, lambda _: record.close()))
        execution = _Execution(
            plan, run_dir, registry, command, group, log, record, owned, termination
        )
        try:
            with termination.outlasting_errors():
                metrics, groups = execution.run(resources, resume=resume)
            guard.dismiss()
            record.finish()
            return Outcome(run_dir, metrics, groups)
        except KeyboardInterrupt as stop:
            guard.dismiss()
            record.interrupt()
            raise RunInterruptedError(run_dir, code_of_interrupt(stop)) from None
        except Exception as error:
            guard.dismiss()
            failure = group.cause_of(error)
            if failure is not None and not _is_same(failure, error):
                record.fail_with(failure)
                raise AnotherFailedError(failure) from error
            record.fail(error)
            if isinstance(error, RunError):
                error.run_folder = run_dir.path
            if isinstance(error, FtspecError):
                raise
            raise RunFailedError(error, run_dir) from error
        finally:
            record.close()


def _is_same(failure: Failure, error: Exception) -> bool:
    """Whether all processes made the same mistake."""
    return isinstance(error, RunError) and error.headline == failure.headline


@dataclass(frozen=True)
class _Execution:
    """One process of a run."""

    plan: Plan
    run_dir: RunDirectory
    registry: Registry
    command: Sequence[str]
    group: Group
    log: RunLog
    record: RunRecord
    ownership: Ownership | None
    termination: Termination

    def run(self, resources: ExitStack, *, resume: bool) -> tuple[MetricsBySplit, GroupsBySet]:
        """From the plan to the trained model; the metrics of each split, and of groups."""
        was_connected = is_initialized()  # by the program that runs the plan, such as Ray Train
        before = self.run_dir.read_json("lock.json") if resume else {}
        moved = check_processes(before, self.group.launch.world_size, self.plan)
        self.record.prepare()
        if moved is not None:
            self.log.note(moved)
        is_first = self.group.launch.is_first
        push = None
        if is_first and self.plan.training.get("push_to_hub", False):
            # before anything is prepared: a token may be wrong
            push = resources.enter_context(HubPush(self.plan, self.run_dir, self.log))
        if resume and is_first:
            restore_files(self.plan, self.run_dir)
        run = compile_run(
            self.plan, self.run_dir, self.log, self.group, recorded_overhead=before.get(OVERHEAD)
        )
        if is_first:
            require_space(run, self.run_dir.path, self.log)
            lock = write_lock(run, self.registry, self.command)
            if resume:
                check_lock(before, lock, self.plan.watched_set)
                now = with_processes(before, self.group.launch.world_size)
                now["evaluation"] = lock["evaluation"]
                if now != before:
                    self.run_dir.write_json("lock.json", now)
            else:
                self.run_dir.write_json("lock.json", lock)
            self._describe_data(run)
        self.termination.raise_if_lost()
        self.record.start()
        stopwatch = Stopwatch(run.trainer)
        run.trainer.add_callback(stopwatch)
        if self.ownership is not None:
            run.trainer.add_callback(OwnershipCheck(self.ownership, self.run_dir))
        if push is not None:
            run.trainer.add_callback(push)
        metrics, groups = train_and_save(
            run, self.run_dir, self.log, resume=resume, stays_connected=was_connected
        )
        if is_first:
            self.run_dir.write_json("metrics.json", metrics)
            if groups:
                self.run_dir.write_json(GROUPS, self.plan.mask_all(groups))
            self._account(run, stopwatch)
            self._report()
        if push is not None:
            push.finish()
        if is_first and not self.plan.keep_optimizer:
            self._drop_optimizers()
        return metrics, groups

    def _drop_optimizers(self) -> None:
        try:
            drop_optimizers(self.run_dir)
        except OSError as error:  # the model is trained and saved
            self.log.warn(f"the state of the optimizer stays: {error.strerror or error}")

    def _account(self, run: CompiledRun, stopwatch: Stopwatch) -> None:
        self.log.end_phase()
        try:
            performance = account(run, stopwatch, self.log.seconds)
        except Exception as error:  # the model is trained and saved
            self.log.warn(f"the run could not be accounted: {type(error).__name__}: {error}")
            return
        if performance is not None:
            self.run_dir.write_json(PERFORMANCE, performance.to_json())
            for line in performance.lines():
                self.log.note(line)

    def _report(self) -> None:
        try:
            page = render_run(self.run_dir)
        except Exception as error:  # the model is trained and saved
            self.log.warn(f"the report could not be made: {type(error).__name__}: {error}")
            return
        self.run_dir.write_text(REPORT, page)

    def _describe_data(self, run: CompiledRun) -> None:
        try:
            facts = data_facts(run)
        except Exception as error:  # only the report needs them
            self.log.warn(f"the rows could not be described: {type(error).__name__}: {error}")
            return
        self.run_dir.write_json(DATA, self.plan.mask_all(facts))


def rehearse(plan: Plan, *, watcher: Watcher, group: Group = ALONE) -> list[str]:
    """Compile the plan in a temporary folder; what a run would do, as lines. Each process of a
    ``group`` calls it.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        MissingExtraError: a package is not installed.
    """
    with (
        termination_as_interrupt(once=not group.launch.is_alone),
        open_rehearsal(plan, watcher, group) as (run, _),
    ):
        run.metrics.build()
        arguments = run.trainer.args
        trained, total = count_parameters(run.model)
        of_them = "" if trained == total else f", {trained:,} of them trained"
        epochs = "" if arguments.max_steps > 0 else f" in {arguments.num_train_epochs:g} epochs"
        return [
            f"{total:,} parameters{of_them}",
            f"{steps_of(run):,} steps{epochs}",
            said_of_space(space_of_run(run), plan.output_dir),
            "nothing was trained",
        ]
