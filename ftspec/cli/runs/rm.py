"""``ftspec runs rm``: remove runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import click

from ftspec.cache import size_of
from ftspec.cli.terminal.output import echo_result, may_remove
from ftspec.errors import UsageError
from ftspec.quantities import shown_size
from ftspec.rundir import RunDirectory


@click.command("rm")
@click.argument(
    "run_dirs", nargs=-1, required=True, type=click.Path(file_okay=False, path_type=Path)
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def rm_command(run_dirs: tuple[Path, ...], yes: bool) -> None:
    """Remove RUN_DIRS with everything in them.

    A folder that is no run directory is refused, and so is a run that a process has.
    """
    for folder in run_dirs:
        require_idle(folder)
    runs = "1 run" if len(run_dirs) == 1 else f"{len(run_dirs)} runs"
    what = f"{runs}, {shown_size(sum(map(size_of, run_dirs)))}"
    if not may_remove(what, is_asked=not yes):
        return
    remove_folders(run_dirs)
    echo_result(f"removed {what}")


def remove_folders(folders: Iterable[Path]) -> None:
    """Remove folders with everything in them.

    Raises:
        UsageError: one of them cannot be removed; those before it are gone.
    """
    for folder in folders:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f'cannot remove all of "{folder}": {reason}') from error


def require_idle(folder: Path) -> RunDirectory:
    """The run in a folder, which no process has.

    Raises:
        UsageError: it is no run directory, or a process has it.
    """
    run = require_run(folder)
    if folder.is_symlink():
        raise UsageError(f'"{folder}" is a link; name the run directory itself')
    if run.is_running():
        raise UsageError(f'{run.owner()} has the run in "{folder}"')
    return run


def require_run(folder: Path) -> RunDirectory:
    """The run in a folder.

    Raises:
        UsageError: it is no run directory.
    """
    if not (folder / "status.json").is_file():
        raise UsageError(f'"{folder}" is not a run directory')
    return RunDirectory(folder)
