"""``ftspec run``: train, evaluate and save."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ftspec.cli.inputs.installed import load_registry, open_registry
from ftspec.cli.inputs.run_directory import OpenedRun, is_complete, opened_run
from ftspec.cli.inputs.sound_plan import sound_plan
from ftspec.cli.launch.engine_imports import engine_imports, require_engine
from ftspec.cli.launch.hub import settle_connection
from ftspec.cli.launch.processes import following, leading, leave
from ftspec.cli.syntax.options import (
    no_plugins_option,
    profile_option,
    set_option,
    spec_argument,
)
from ftspec.cli.terminal.exits import DONE, Exit, code_of_error
from ftspec.cli.terminal.output import echo
from ftspec.cli.terminal.run_errors import run_endings_shown, show_failure, show_interruption
from ftspec.cli.terminal.run_result import run_result
from ftspec.cli.terminal.watchers import PlainWatcher, SilentWatcher, make_watcher
from ftspec.document.load import Document
from ftspec.engine.hub.connection import Connection
from ftspec.engine.processes.failure import Failure
from ftspec.engine.processes.launch import read_launch
from ftspec.engine.processes.roles import Leader
from ftspec.engine.progress.outcome import RunInterruptedError
from ftspec.engine.run.opening import join_run
from ftspec.errors import RunError, UsageError
from ftspec.planning.folder_name import changes_named
from ftspec.planning.plan import Plan
from ftspec.planning.provenance import places_of_values
from ftspec.planning.urls import is_url
from ftspec.registry.registry import Registry
from ftspec.span import SourceText

if TYPE_CHECKING:
    from ftspec.engine.processes.group import Group

OpenGroup = Callable[..., "dict[str, Group]"]
"""Lets the other processes start, with what the first one opened; gives the argument ``group``."""


@click.command("run")
@spec_argument
@profile_option
@set_option
@no_plugins_option
@click.option(
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for run directories, instead of the spec's output.dir.",
)
@click.option(
    "--resume",
    metavar="RUN_DIR|auto",
    help='Resume a run. "auto" picks the newest unfinished run of this plan, or starts a new one.',
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Prepare the data and the model and report the number of steps, without training.",
)
def run_command(
    spec: str,
    profile: str | None,
    overrides: tuple[str, ...],
    no_plugins: bool,
    output_dir: Path | None,
    resume: str | None,
    dry_run: bool,
) -> None:
    """Train, evaluate and save the model of SPEC.

    Prepares the data, trains, evaluates on validation and test, and saves the model. Everything
    goes to one new run directory, which is printed at the end.
    """
    if output_dir is not None and is_url(str(output_dir)):
        raise UsageError(f'"{output_dir}" is a URL; expected a local folder for --output-dir')
    request = _Request(spec, profile, overrides, no_plugins, output_dir, resume, dry_run)
    launch = read_launch(os.environ)
    if launch.is_alone:
        _run(request)
    elif launch.is_first:
        with leading(launch) as leader:
            if spec == "-":
                raise UsageError("several processes cannot read one spec from standard input")
            _run(request, leader)
    else:
        with following(launch) as (group, opened):
            _follow(request, group, opened)


@dataclass(frozen=True)
class _Request:
    """The arguments and options of the command line."""

    spec: str
    profile: str | None
    overrides: tuple[str, ...]
    no_plugins: bool
    output_dir: Path | None
    resume: str | None
    dry_run: bool

    def plan(self, registry: Registry, *, shows: bool) -> tuple[SourceText, Document, Plan]:
        return sound_plan(
            self.spec,
            registry,
            profile=self.profile,
            overrides=self.overrides,
            output_dir=self.output_dir,
            shows=shows,
        )


def _run(request: _Request, leader: Leader | None = None) -> None:
    """Run in the only process, or in the first of several."""
    registry = open_registry(no_plugins=request.no_plugins)
    source, document, plan = request.plan(registry, shows=True)
    require_engine()
    watcher = make_watcher()

    def leave_run(group: Group, failure: Failure) -> NoReturn:
        watcher.close()
        show_failure(failure, plan, document)
        leave(group, failure)

    def open_group(**opened: Any) -> dict[str, Group]:
        if leader is None:
            return {}
        return {"group": leader.open({"plan": plan.digest(), **opened}, leave_run)}

    with run_endings_shown(plan, document, watcher, is_launched=leader is not None):
        if request.dry_run:
            _rehearse(plan, watcher, open_group)
        else:
            _execute(plan, source, document, request, registry, watcher, open_group)


def _follow(request: _Request, group: Group, opened: Mapping[str, Any]) -> None:
    """Work on the run that the first process has opened."""
    registry = load_registry(no_plugins=request.no_plugins)
    _, _, plan = request.plan(registry, shows=False)
    if plan.digest() != opened["plan"]:
        raise RunError(
            "the spec on this machine differs from the spec of the first process",
            slug="machines-differ",
            helps=("give all machines the same files and the same environment variables",),
        )
    require_engine()
    connection = Connection(plan)
    with engine_imports():
        from ftspec.engine.run.execute import execute, rehearse

    connection.settle()
    if request.dry_run:
        rehearse(plan, watcher=SilentWatcher(), group=group)
        return
    execute(
        plan,
        join_run(Path(opened["run_dir"]), group.launch.rank),
        registry=registry,
        watcher=SilentWatcher(),
        command=[],
        resume=opened["resume"],
        group=group,
    )


def _rehearse(plan: Plan, watcher: PlainWatcher, open_group: OpenGroup) -> None:
    connection = Connection(plan)
    with engine_imports():
        from ftspec.engine.run.execute import rehearse

    settle_connection(connection, watcher)
    echo("\n".join(rehearse(plan, watcher=watcher, **open_group())))


def _execute(
    plan: Plan,
    source: SourceText,
    document: Document,
    request: _Request,
    registry: Registry,
    watcher: PlainWatcher,
    open_group: OpenGroup,
) -> None:
    # before the import of torch, so that a folder that does not work is reported at once
    changes = changes_named(request.profile, request.overrides, plan.mask)
    with opened_run(plan, source.text, request.resume, changes) as opened:
        run_dir = opened.run_dir
        try:
            for passed_over in opened.passed_over:
                watcher.note(str(passed_over))
            if opened.is_resumed and is_complete(run_dir):
                echo(f"the run in {run_dir.path} is finished: nothing is left to do")
                raise Exit(DONE)
            watcher.note(f"run directory: {run_dir.path}")
            if not opened.is_resumed:
                with suppress(OSError):  # only the report needs it
                    run_dir.write_json("origins.json", places_of_values(plan, document))
            _execute_opened(plan, opened, registry, watcher, open_group)
        except KeyboardInterrupt as stopped:  # before the run began, or when it had ended
            if run_dir.status().get("status") != "finished":
                run_dir.set_status("interrupted", plan=plan.digest())
            raise RunInterruptedError(run_dir, code_of_error(stopped)) from None


def _execute_opened(
    plan: Plan,
    opened: OpenedRun,
    registry: Registry,
    watcher: PlainWatcher,
    open_group: OpenGroup,
) -> None:
    run_dir = opened.run_dir
    connection = Connection(plan)

    def stop(code: int) -> None:
        run_dir.set_status("interrupted", plan=plan.digest())
        show_interruption(RunInterruptedError(run_dir, code))

    with engine_imports(stop):
        from ftspec.engine.run.execute import execute

        settle_connection(connection, watcher)
    group = open_group(run_dir=str(run_dir.path.absolute()), resume=opened.is_resumed)
    outcome = execute(
        plan,
        run_dir,
        registry=registry,
        watcher=watcher,
        command=["ftspec", *sys.argv[1:]],
        resume=opened.is_resumed,
        ownership=opened.ownership,
        **group,
    )
    watcher.close()
    echo(run_result(outcome, plan))
