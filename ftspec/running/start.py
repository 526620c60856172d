"""A sound spec to a finished run, or to what a run would do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftspec.document.load import Document
from ftspec.engine.hub.connection import Connection
from ftspec.engine.processes.launched_by import restarts
from ftspec.engine.progress.outcome import Outcome, RunInterruptedError
from ftspec.engine.run.opening import join_run
from ftspec.errors import RunError
from ftspec.planning.folder_name import changes_named
from ftspec.planning.plan import Plan
from ftspec.planning.provenance import places_of_values
from ftspec.registry.registry import Registry
from ftspec.rundir import RunDirectory
from ftspec.running.engine_imports import engine_imports
from ftspec.running.host import Host
from ftspec.running.run_directory import OpenedRun, is_complete, opened_run
from ftspec.span import SourceText
from ftspec.stopping import code_of_interrupt

if TYPE_CHECKING:
    from ftspec.engine.processes.group import Group

OpenGroup = Callable[..., "dict[str, Group]"]
"""Lets the other processes start, with what the first one opened; gives the argument ``group``."""


@dataclass(frozen=True)
class SoundSpec:
    """A spec without errors, and the changes that were asked for.

    Attributes:
        source: its text.
        document: its values with their places.
        plan: what it resolves to.
        profile: the profile that was applied.
        overrides: each ``path=value`` that was applied.
    """

    source: SourceText
    document: Document
    plan: Plan
    profile: str | None = None
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class EndedRun:
    """A run that is finished; ``outcome`` is ``None`` if it was before, and nothing was left."""

    run_dir: RunDirectory
    outcome: Outcome | None


def alone(**opened: Any) -> dict[str, Group]:
    """The ``OpenGroup`` of a single process."""
    return {}


def run_spec(
    spec: SoundSpec,
    resume: str | None,
    registry: Registry,
    host: Host,
    open_group: OpenGroup = alone,
) -> EndedRun:
    """Run a spec to its end, in a new run directory or in the one that ``resume`` says.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        RunFailedError: something outside ftspec broke; the log has the traceback.
        RunInterruptedError: a signal came after the run directory was there.
        AnotherFailedError: another process of the group ended.
        UsageError: the run cannot be resumed.
    """
    plan = spec.plan
    # before the import of torch, so that a folder that does not work is reported at once
    changes = changes_named(spec.profile, spec.overrides, plan.mask)
    with opened_run(plan, spec.source.text, resume, changes) as opened:
        run_dir = opened.run_dir
        host.at_opening(run_dir)
        try:
            used, most = restarts(os.environ)
            if used:
                host.watcher.note(f"all processes were started again: restart {used} of {most}")
            for passed_over in opened.passed_over:
                host.watcher.note(str(passed_over))
            if opened.is_resumed and is_complete(run_dir):
                return EndedRun(run_dir, None)
            host.watcher.note(f"run directory: {run_dir.path}")
            if not opened.is_resumed:
                with suppress(OSError):  # only the report needs it
                    run_dir.write_json("origins.json", places_of_values(plan, spec.document))
            return EndedRun(run_dir, _execute(plan, opened, registry, host, open_group))
        except KeyboardInterrupt as stopped:  # before the run began, or when it had ended
            if run_dir.status().get("status") != "finished":
                run_dir.set_status("interrupted", plan=plan.digest())
            raise RunInterruptedError(run_dir, code_of_interrupt(stopped)) from None


def _execute(
    plan: Plan, opened: OpenedRun, registry: Registry, host: Host, open_group: OpenGroup
) -> Outcome:
    run_dir = opened.run_dir
    connection = Connection(plan)

    def stop(code: int) -> None:
        run_dir.set_status("interrupted", plan=plan.digest())
        host.say_interrupted(RunInterruptedError(run_dir, code))

    with engine_imports(stop, owns_process=host.owns_process):
        from ftspec.engine.run.execute import execute

        _settle(connection, host)
    group = open_group(run_dir=str(run_dir.path.absolute()), resume=opened.is_resumed)
    return execute(
        plan,
        run_dir,
        registry=registry,
        watcher=host.watcher,
        command=host.command,
        resume=opened.is_resumed,
        ownership=opened.ownership,
        owns_process=host.owns_process,
        **group,
    )


def follow_run(
    plan: Plan,
    group: Group,
    opened: Mapping[str, Any],
    registry: Registry,
    host: Host,
    *,
    is_rehearsal: bool = False,
) -> None:
    """Work on the run that the first process has opened.

    Raises:
        RunError: the spec is another one here, or the plan does not fit.
        AnotherFailedError: another process of the group ended.
    """
    if plan.digest() != opened["plan"]:
        raise RunError(
            "the spec on this machine differs from the spec of the first process",
            slug="machines-differ",
            helps=("give all machines the same files and the same environment variables",),
        )
    connection = Connection(plan)
    with engine_imports(owns_process=host.owns_process):
        from ftspec.engine.run.execute import execute, rehearse

    connection.settle()
    if is_rehearsal:
        rehearse(plan, watcher=host.watcher, group=group)
        return
    execute(
        plan,
        join_run(Path(opened["run_dir"]), group.launch.rank),
        registry=registry,
        watcher=host.watcher,
        command=[],
        resume=opened["resume"],
        group=group,
        owns_process=host.owns_process,
    )


def rehearse_spec(plan: Plan, host: Host, open_group: OpenGroup = alone) -> list[str]:
    """What a run would do, as lines.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
    """
    connection = Connection(plan)
    with engine_imports(owns_process=host.owns_process):
        from ftspec.engine.run.execute import rehearse

    _settle(connection, host)
    return rehearse(plan, watcher=host.watcher, **open_group())


def _settle(connection: Connection, host: Host) -> None:
    """Use offline mode if the Hub does not answer; the watcher notes it."""
    offline = connection.settle()
    if offline is not None:
        host.watcher.note(offline)
