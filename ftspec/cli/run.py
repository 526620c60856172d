"""``ftspec run``: train, evaluate and save."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ftspec.cli.inputs.installed import load_registry, open_registry
from ftspec.cli.inputs.sound_plan import sound_plan
from ftspec.cli.launch.engine_imports import require_engine
from ftspec.cli.launch.launcher import Wanted, is_launched, launch_if_wanted, launcher_options
from ftspec.cli.launch.processes import following, leading, leave
from ftspec.cli.syntax.options import (
    format_option,
    no_plugins_option,
    profile_option,
    set_option,
    spec_argument,
)
from ftspec.cli.terminal.exits import Exit
from ftspec.cli.terminal.output import echo, echo_json
from ftspec.cli.terminal.run_errors import (
    run_endings_shown,
    run_errors_shown,
    show_failure,
    show_interruption,
)
from ftspec.cli.terminal.run_facts import run_facts
from ftspec.cli.terminal.run_result import run_result
from ftspec.cli.terminal.watchers import make_watcher
from ftspec.engine.processes.failure import Failure
from ftspec.engine.processes.launch import read_launch
from ftspec.engine.processes.launched_by import (
    LAUNCHED_WITH,
    end_with_launcher,
    launched_by,
)
from ftspec.engine.processes.roles import Leader
from ftspec.engine.progress.outcome import RunInterruptedError
from ftspec.errors import UsageError
from ftspec.planning.plan import Plan
from ftspec.planning.urls import is_url
from ftspec.registry.registry import Registry
from ftspec.rundir import RunDirectory
from ftspec.running.host import Host
from ftspec.running.quiet_watcher import QuietWatcher
from ftspec.running.start import EndedRun, SoundSpec, follow_run, rehearse_spec, run_spec

if TYPE_CHECKING:
    from ftspec.engine.processes.group import Group


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
@format_option
@launcher_options
def run_command(
    spec: str,
    profile: str | None,
    overrides: tuple[str, ...],
    no_plugins: bool,
    output_dir: Path | None,
    resume: str | None,
    dry_run: bool,
    format_name: str,
    on: str | None,
    processes: int | None,
    prints: bool,
) -> None:
    """Train, evaluate and save the model of SPEC.

    Prepares the data, trains, evaluates on validation and test, and saves the model. Everything
    goes to one new run directory, which is printed at the end.
    """
    if output_dir is not None and is_url(str(output_dir)):
        raise UsageError(f'"{output_dir}" is a URL; expected a local folder for --output-dir')
    if dry_run and format_name == "json":
        raise UsageError("--dry-run has no run to print; it does not work with --format json")
    wanted = Wanted(on, processes, prints)
    request = _Request(
        spec, profile, overrides, no_plugins, output_dir, resume, dry_run, format_name, wanted
    )
    launch = read_launch(os.environ)
    if launched_by(os.environ) is not None:
        end_with_launcher()
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
    format_name: str
    wanted: Wanted

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command that each process runs, without the options of a launcher."""
        return (
            *("ftspec", "run", self.spec),
            *(() if self.profile is None else ("--profile", self.profile)),
            *(part for override in self.overrides for part in ("--set", override)),
            *(("--no-plugins",) if self.no_plugins else ()),
            *(() if self.output_dir is None else ("--output-dir", str(self.output_dir))),
            *(() if self.resume is None else ("--resume", self.resume)),
            *(("--dry-run",) if self.dry_run else ()),
            *(() if self.format_name == "text" else ("--format", self.format_name)),
        )

    def sound(self, registry: Registry, *, shows: bool) -> SoundSpec:
        """The spec, if it has no errors."""
        source, document, plan = sound_plan(
            self.spec,
            registry,
            profile=self.profile,
            overrides=self.overrides,
            output_dir=self.output_dir,
            shows=shows,
        )
        return SoundSpec(source, document, plan, self.profile, self.overrides)


def _run(request: _Request, leader: Leader | None = None) -> None:
    """Run in the only process, or in the first of several."""
    request.wanted.require_none_if_launched(os.environ)
    registry = open_registry(no_plugins=request.no_plugins)
    is_shown = LAUNCHED_WITH in os.environ  # by the process that started this one
    spec = request.sound(registry, shows=not is_shown)
    if not is_launched(os.environ):
        with run_errors_shown(spec.plan, spec.document):
            launch_if_wanted(spec.plan, registry, request.wanted, request.spec, request.arguments)
    require_engine()
    watcher = make_watcher()
    result = _Result(request.format_name, spec.plan)

    def say_interrupted(stop: RunInterruptedError) -> None:
        show_interruption(stop)
        result.show_unfinished()

    def leave_run(group: Group, failure: Failure) -> NoReturn:
        watcher.close()
        show_failure(failure, spec.plan, spec.document)
        result.show_unfinished()
        leave(group, failure)

    def open_group(**opened: Any) -> dict[str, Group]:
        if leader is None:
            return {}
        return {"group": leader.open({"plan": spec.plan.digest(), **opened}, leave_run)}

    host = Host(
        watcher,
        ["ftspec", *sys.argv[1:]],
        say_interrupted=say_interrupted,
        at_opening=result.opened.append,
    )
    is_led = leader is not None
    with result, run_endings_shown(spec.plan, spec.document, watcher, is_launched=is_led):
        if request.dry_run:
            echo("\n".join(rehearse_spec(spec.plan, host, open_group)))
            return
        ended = run_spec(spec, request.resume, registry, host, open_group)
        watcher.close()
        result.show(ended)


class _Result:
    """What is printed of the run at its end: text for people, or one object for programs, also of a
    run that did not finish."""

    def __init__(self, format_name: str, plan: Plan) -> None:
        self._is_json = format_name == "json"
        self._plan = plan
        self.opened: list[RunDirectory] = []

    def show(self, ended: EndedRun) -> None:
        """A run that is finished."""
        if self._is_json:
            echo_json(run_facts(ended.run_dir))
        elif ended.outcome is None:
            echo(f"the run in {ended.run_dir.path} is finished: nothing is left to do")
        else:
            echo(run_result(ended.outcome, self._plan))

    def show_unfinished(self) -> None:
        """A run that failed or was interrupted. Standard error has the message."""
        if self._is_json:
            for run_dir in self.opened:
                echo_json(run_facts(run_dir))

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, *trace: object) -> None:
        if isinstance(error, Exit):
            self.show_unfinished()


def _follow(request: _Request, group: Group, opened: Mapping[str, Any]) -> None:
    """Work on the run that the first process has opened."""
    registry = load_registry(no_plugins=request.no_plugins)
    plan = request.sound(registry, shows=False).plan
    require_engine()
    host = Host(QuietWatcher())
    follow_run(plan, group, opened, registry, host, is_rehearsal=request.dry_run)
