"""Opens runs: the one place for execute, rehearse, measure and the test kit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ftspec.engine.patches.quiet_libraries import quiet_libraries
from ftspec.engine.patches.reliable_hub import reliable_hub
from ftspec.engine.processes.group import ALONE, Group
from ftspec.engine.processes.guard import Guard
from ftspec.engine.progress.run_log import RunLog, Watcher
from ftspec.engine.run.compile import CompiledRun, compile_run
from ftspec.engine.run.opening import start_run
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory


@contextmanager
def open_session(plan: Plan, run_dir: RunDirectory, watcher: Watcher) -> Iterator[RunLog]:
    """The log of a run, which also takes the warnings of quiet libraries. Inside, the Hub is waited
    for, and what it sends is verified."""
    with (
        quiet_libraries(),
        RunLog(run_dir.log, watcher, plan.mask) as log,
        reliable_hub(log.note),
    ):
        yield log


@contextmanager
def open_rehearsal(
    plan: Plan, watcher: Watcher, group: Group = ALONE
) -> Iterator[tuple[CompiledRun, RunLog]]:
    """The compiled run of a plan and its log, in a temporary folder.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        MissingExtraError: a package is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="ftspec-") as folder:
        plan = replace(plan, output_dir=Path(folder))
        run_dir = start_run(plan, "")
        with (
            open_session(plan, run_dir, watcher) as log,
            Guard(group, lambda failure: None, lambda failure: None),
        ):
            yield compile_run(plan, run_dir, log, group), log
