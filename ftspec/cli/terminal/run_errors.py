"""How a run that does not finish is reported: as a finding, as an error or as an interruption."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ftspec.cli.terminal.exits import FINDINGS, Exit
from ftspec.cli.terminal.findings import show_findings
from ftspec.cli.terminal.output import echo, shell_command
from ftspec.cli.terminal.watchers import PlainWatcher
from ftspec.document.load import Document
from ftspec.engine.processes.failure import AnotherFailedError, Failure, may_pass
from ftspec.engine.processes.launched_by import LAUNCHED_WITH, restarts
from ftspec.engine.progress.outcome import RunFailedError, RunInterruptedError
from ftspec.errors import RunError
from ftspec.exit_code import forbid_restart, is_restart_forbidden
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory
from ftspec.running.failure_text import error_lines, finding_of


@contextmanager
def run_errors_shown(
    plan: Plan, document: Document | None = None, watcher: PlainWatcher | None = None
) -> Iterator[None]:
    """Show a :class:`RunError` as a finding, and exit with ``FINDINGS``.

    Args:
        plan: the plan whose secrets are masked.
        document: the spec to point into; without it, the finding has no place.
        watcher: closed before the finding is shown.
    """
    try:
        yield
    except RunError as error:
        if watcher is not None:
            watcher.close()
        _show_run_error(error, plan, document)
        if error.run_folder is not None:
            _show_what_is_left(RunDirectory(error.run_folder))
        raise Exit(FINDINGS) from None


@contextmanager
def run_endings_shown(
    plan: Plan, document: Document, watcher: PlainWatcher, *, is_launched: bool
) -> Iterator[None]:
    """Show how a run ended that did not finish, and exit with the code that stands for it.

    ``is_launched`` says whether a launcher such as torchrun started the process.
    """
    try:
        with run_errors_shown(plan, document, watcher):
            yield
    except RunFailedError as error:
        watcher.close()
        _show_error(plan.mask(str(error)), str(error.run_dir.log), map(plan.mask, error.helps))
        _show_what_is_left(error.run_dir)
        raise Exit(FINDINGS) from None
    except RunInterruptedError as stop:
        watcher.close()
        show_interruption(stop, is_launched=is_launched)
        raise Exit(stop.code) from None
    except AnotherFailedError as error:
        watcher.close()
        show_failure(error.failure, plan, document)
        raise Exit(code_of_failure(error.failure)) from None


def show_failure(failure: Failure, plan: Plan, document: Document) -> None:
    """Show why another process of the run ended."""
    if failure.kind == "mistake":
        error = RunError(str(failure), slug=failure.slug, at=failure.at, helps=failure.helps)
        _show_run_error(error, plan, document)
    elif failure.kind == "interrupted":
        echo("interrupted", err=True)
    else:
        _show_error(plan.mask(str(failure)), failure.log)


def code_of_failure(failure: Failure) -> int:
    """The exit code of every process of a run that one process ended."""
    return failure.code if failure.kind == "interrupted" else FINDINGS


def _show_run_error(error: RunError, plan: Plan, document: Document | None) -> None:
    """Show the error at the place in the spec that is at fault."""
    if not may_pass(error.slug):
        forbid_restart()
    show_findings([finding_of(error, plan, document)])


def _show_error(text: str, log: str, helps: Iterable[str] = ()) -> None:
    for line in error_lines(text, log, helps):
        echo(line, err=True)


def _show_what_is_left(run_dir: RunDirectory) -> None:
    """Show where a failed run is, and how to go on if it has a checkpoint."""
    folder = shell_command(str(run_dir.path))
    echo(f"what the run has written is in {folder}, its log is log.txt", err=True)
    used, most = restarts(os.environ)
    if used < most and not is_restart_forbidden():
        echo("the launcher starts the run again", err=True)
    elif run_dir.latest_checkpoint() is not None:
        echo(f"resume it with: {_resume_command(run_dir)}", err=True)


def show_interruption(stop: RunInterruptedError, *, is_launched: bool = False) -> None:
    """Show where an interrupted run is, and how to go on."""
    folder = shell_command(str(stop.run_dir.path))
    echo(f"interrupted; what the run has written is in {folder}", err=True)
    if stop.checkpoint is not None:
        is_named = LAUNCHED_WITH in os.environ
        launcher = ", using the same launcher" if is_launched and not is_named else ""
        echo(f"resume it{launcher} with: {_resume_command(stop.run_dir)}", err=True)


def _resume_command(run_dir: RunDirectory) -> str:
    """The resolved spec includes the profile and every ``--set`` of the run."""
    spec, folder = str(run_dir.resolved_spec), str(run_dir.path)
    launcher = shlex.split(os.environ.get(LAUNCHED_WITH, ""))
    return shell_command("ftspec", "run", spec, "--resume", folder, *launcher)
