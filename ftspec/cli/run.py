"""``ftspec run``: train, evaluate and save."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from ftspec.cli.exits import FINDINGS, INTERRUPTED, Exit
from ftspec.cli.heavy import require_engine
from ftspec.cli.installed import no_plugins_option, open_registry
from ftspec.cli.specs import diagnose, profile_option, set_option, sound_plan, spec_argument
from ftspec.cli.watching import PlainWatcher, make_watcher
from ftspec.diagnostics.render import text
from ftspec.engine.connection import prepare_connection
from ftspec.engine.opening import find_unfinished, open_run, start_run
from ftspec.engine.outcome import Outcome, RunFailedError, RunInterruptedError
from ftspec.errors import RunError, UsageError
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from ftspec.rundir import RunDirectory


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
    registry = open_registry(no_plugins=no_plugins)
    source, document, plan = sound_plan(
        spec, registry, profile=profile, overrides=overrides, output_dir=output_dir
    )
    require_engine()
    watcher = make_watcher()
    try:
        if dry_run:
            _rehearse(plan, watcher)
        else:
            _execute(plan, source.text, resume, registry, watcher)
    except RunError as error:
        watcher.close()
        click.echo(text.render([diagnose(error, document, plan)]), err=True, nl=False)
        raise Exit(FINDINGS) from None
    except RunFailedError as error:
        watcher.close()
        click.echo(f"error: the run failed: {plan.mask(str(error))}", err=True)
        click.echo(f"the traceback is in {error.run_dir.log}", err=True)
        raise Exit(FINDINGS) from None
    except RunInterruptedError as stop:
        watcher.close()
        click.echo(f"interrupted; what there is so far is in {stop.run_dir.path}", err=True)
        if stop.checkpoint is not None:
            click.echo(f"go on with: {_resume_command(stop.run_dir)}", err=True)
        raise Exit(INTERRUPTED) from None


def _rehearse(plan: Plan, watcher: PlainWatcher) -> None:
    _find_hub(plan, watcher)
    from ftspec.engine.execute import rehearse  # torch is imported here

    click.echo("\n".join(rehearse(plan, watcher=watcher)))


def _execute(
    plan: Plan, spec_text: str, resume: str | None, registry: Registry, watcher: PlainWatcher
) -> None:
    # before torch is imported, so that a folder that will not do is said at once
    run_dir, resumed = _directory(plan, spec_text, resume)
    if resumed and run_dir.status().get("status") == "finished":
        click.echo(f"the run in {run_dir.path} is finished: nothing is left to do")
        return
    watcher.note(f"run directory: {run_dir.path}")
    _find_hub(plan, watcher)
    from ftspec.engine.execute import execute  # torch is imported here

    outcome = execute(
        plan,
        run_dir,
        registry=registry,
        watcher=watcher,
        command=["ftspec", *sys.argv[1:]],
        resume=resumed,
    )
    watcher.close()
    click.echo(_result(outcome, plan))


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
    return shlex.join(["ftspec", "run", str(run_dir.resolved_spec), "--resume", str(run_dir.path)])


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
        f"tensorboard  tensorboard --logdir {shown / 'tensorboard'}",
        f"predict      ftspec predict {shown} {_example_of_input(plan)}",
    ]
    return "\n".join(lines)


def _example_of_input(plan: Plan) -> str:
    columns = plan.input_columns
    if len(columns) == 1:
        return '"some text"'
    return " ".join(f'--column {name}="some text"' for name in columns)
