"""``ftspec run``: train, evaluate and save."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ftspec.cli.exits import DONE, FINDINGS, INTERRUPTED, Exit
from ftspec.cli.heavy import engine_imports, require_engine
from ftspec.cli.installed import load_registry, no_plugins_option, open_registry
from ftspec.cli.output import echo, shell_command
from ftspec.cli.several import Lead, code_of, following, leading, leave
from ftspec.cli.specs import diagnose, profile_option, set_option, sound_plan, spec_argument
from ftspec.cli.watching import PlainWatcher, SilentWatcher, make_watcher
from ftspec.diagnostics.render import text
from ftspec.document.load import Document
from ftspec.engine.hub.connection import prepare_connection
from ftspec.engine.processes.failure import AnotherFailedError, Failure
from ftspec.engine.processes.launch import read_launch
from ftspec.engine.progress.outcome import Outcome, RunFailedError, RunInterruptedError
from ftspec.engine.run.opening import find_unfinished, join_run, open_run, start_run
from ftspec.errors import RunError, UsageError
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from ftspec.rundir import RunDirectory
from ftspec.span import SourceText

if TYPE_CHECKING:
    from ftspec.engine.processes.group import Group

OpenGroup = Callable[..., "dict[str, Group]"]
"""Lets the other processes begin, with what the first one opened."""


@click.command("run")
@spec_argument
@profile_option
@set_option
@no_plugins_option
@click.option(
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where run directories go, instead of the spec's output.dir.",
)
@click.option(
    "--resume",
    metavar="RUN_DIR|auto",
    help="Go on with an interrupted or failed run; auto takes the newest of this very plan, and "
    "starts a new run where there is none.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Prepare data and model, say how many steps it would take, and train nothing.",
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
    """Run SPEC: prepare data, train, evaluate on validation and test, save.

    Everything it writes is in one new run directory, which is named at the end.
    """
    asked = _Asked(spec, profile, overrides, no_plugins, output_dir, resume, dry_run)
    launch = read_launch(os.environ)
    if launch.is_alone:
        _run(asked)
    elif launch.is_first:
        with leading(launch) as lead:
            if spec == "-":
                raise UsageError("several processes cannot read one spec from standard input")
            _run(asked, lead)
    else:
        with following(launch) as (group, opened):
            _follow(asked, group, opened)


@dataclass(frozen=True)
class _Asked:
    """What the command line says."""

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


def _run(asked: _Asked, lead: Lead | None = None) -> None:
    registry = open_registry(no_plugins=asked.no_plugins)
    source, document, plan = asked.plan(registry, shows=True)
    require_engine()
    watcher = make_watcher()

    def leave_for(group: Group, failure: Failure) -> NoReturn:
        watcher.close()
        _say(failure, document, plan)
        leave(group, failure)

    def open_group(**opened: Any) -> dict[str, Group]:
        """The processes that work together, as an argument, if there are several."""
        told = {"plan": plan.digest(), **opened}
        return {} if lead is None else {"group": lead.open(leave_for, told)}

    try:
        if asked.dry_run:
            _rehearse(plan, watcher, open_group)
        else:
            _execute(plan, source.text, asked.resume, registry, watcher, open_group)
    except RunError as error:
        watcher.close()
        echo(text.render([diagnose(error, document, plan)]), err=True, nl=False)
        raise Exit(FINDINGS) from None
    except RunFailedError as error:
        watcher.close()
        echo(f"error: the run failed: {plan.mask(str(error))}", err=True)
        echo(f"the traceback is in {error.run_dir.log}", err=True)
        raise Exit(FINDINGS) from None
    except RunInterruptedError as stop:
        watcher.close()
        folder = shell_command(str(stop.run_dir.path))
        echo(f"interrupted; what there is so far is in {folder}", err=True)
        if stop.checkpoint is not None:
            launched = "" if lead is None else ", started by the same launcher,"
            echo(f"go on{launched} with: {_resume_command(stop.run_dir)}", err=True)
        raise Exit(INTERRUPTED) from None
    except AnotherFailedError as error:
        watcher.close()
        _say(error.failure, document, plan)
        raise Exit(code_of(error.failure)) from None


def _follow(asked: _Asked, group: Group, opened: Mapping[str, Any]) -> None:
    """Work beside the first process, which has opened a run."""
    registry = load_registry(no_plugins=asked.no_plugins)
    _, _, plan = asked.plan(registry, shows=False)
    if plan.digest() != opened["plan"]:
        raise RunError(
            "the spec on this machine is not that of the first process",
            slug="machines-differ",
            helps=("give all machines the same files and the same variables",),
        )
    require_engine()
    prepare_connection(plan)
    with engine_imports():
        from ftspec.engine.run.execute import execute, rehearse

    if asked.dry_run:
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


def _say(failure: Failure, document: Document, plan: Plan) -> None:
    """Say what another process ended of."""
    if failure.kind == "mistake":
        error = RunError(str(failure), slug=failure.slug, at=failure.at, helps=failure.helps)
        echo(text.render([diagnose(error, document, plan)]), err=True, nl=False)
    elif failure.kind == "interrupted":
        echo("interrupted", err=True)
    else:
        echo(f"error: the run failed: {plan.mask(str(failure))}", err=True)
        if failure.log:
            echo(f"the traceback is in {failure.log}", err=True)


def _rehearse(plan: Plan, watcher: PlainWatcher, open_group: OpenGroup) -> None:
    _find_hub(plan, watcher)
    with engine_imports():
        from ftspec.engine.run.execute import rehearse

    echo("\n".join(rehearse(plan, watcher=watcher, **open_group())))


def _execute(
    plan: Plan,
    spec_text: str,
    resume: str | None,
    registry: Registry,
    watcher: PlainWatcher,
    open_group: OpenGroup,
) -> None:
    # before torch is imported, so that a folder that will not do is said at once
    run_dir, resumed = _directory(plan, spec_text, resume)
    if resumed and run_dir.status().get("status") == "finished":
        echo(f"the run in {run_dir.path} is finished: nothing is left to do")
        raise Exit(DONE)
    watcher.note(f"run directory: {run_dir.path}")
    _find_hub(plan, watcher)
    try:
        with engine_imports():
            from ftspec.engine.run.execute import execute

        group = open_group(run_dir=str(run_dir.path.absolute()), resume=resumed)
    except KeyboardInterrupt:
        run_dir.set_status("interrupted", plan=plan.digest())
        raise RunInterruptedError(run_dir) from None
    outcome = execute(
        plan,
        run_dir,
        registry=registry,
        watcher=watcher,
        command=["ftspec", *sys.argv[1:]],
        resume=resumed,
        **group,
    )
    watcher.close()
    echo(_result(outcome, plan))


def _find_hub(plan: Plan, watcher: PlainWatcher) -> None:
    offline = prepare_connection(plan)
    if offline is not None:
        watcher.note(offline)


def _directory(plan: Plan, spec_text: str, resume: str | None) -> tuple[RunDirectory, bool]:
    """The run directory, and whether it is one to go on with."""
    if resume is None:
        return start_run(plan, spec_text), False
    if resume == "auto":
        unfinished = find_unfinished(plan)
        if unfinished is not None:
            return unfinished, True
        return start_run(plan, spec_text), False
    run_dir = open_run(Path(resume))
    status = run_dir.status()
    if status.get("plan") != plan.digest():
        raise UsageError(
            f"the spec is not the one that {resume} was started with; its resolved spec is "
            f"{run_dir.resolved_spec}"
        )
    if run_dir.is_running():
        raise UsageError(f"the run in {resume} is still going, as process {status['pid']}")
    if status.get("status") != "finished" and run_dir.latest_checkpoint() is None:
        raise UsageError(f"there is no checkpoint in {resume} to go on from; start a new run")
    return run_dir, True


def _resume_command(run_dir: RunDirectory) -> str:
    """The resolved spec stands for the spec with its profile and every ``--set``."""
    return shell_command("ftspec", "run", str(run_dir.resolved_spec), "--resume", str(run_dir.path))


def _result(outcome: Outcome, plan: Plan) -> str:
    lines = [""]
    width = max(len(name) for results in outcome.metrics.values() for name in results)
    for split, results in outcome.metrics.items():
        for name, value in results.items():
            lines.append(f"{split:<12}{name.ljust(width)}  {value:.4f}")
            split = ""
    path = outcome.run_dir.path
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    lines += [
        "",
        f"model        {shown / 'model'}",
        f"report       {shown / 'report.html'}",
        f"tensorboard  {shell_command('tensorboard', '--logdir', str(shown / 'tensorboard'))}",
        f"predict      {shell_command('ftspec', 'predict', str(shown), *_example_of_input(plan))}",
    ]
    return "\n".join(lines)


def _example_of_input(plan: Plan) -> list[str]:
    columns = plan.input_columns
    if len(columns) == 1:
        return ["some text"]
    return [word for name in columns for word in ("--column", f"{name}=some text")]
