"""The checkpoint that a resumed run goes on from."""

from __future__ import annotations

from pathlib import Path

from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from ftspec.checkpoints import find_checkpoints, set_aside
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError, not_writable
from ftspec.rundir import RunDirectory


def choose_checkpoint(run_dir: RunDirectory, log: RunLog) -> Path | None:
    """The latest whole checkpoint; ``None`` if the run has saved none. Damaged ones are renamed,
    and the log names them. The first process chooses for all.

    Raises:
        RunError: the run has checkpoints, and none is whole.
    """
    chosen: list[str | RunError | None] = [None]
    if PartialState().is_main_process:
        try:
            chosen = [_choose(run_dir, log)]
        except RunError as error:
            chosen = [error]
    broadcast_object_list(chosen)
    if isinstance(chosen[0], RunError):
        raise chosen[0]
    return None if chosen[0] is None else Path(chosen[0])


def _choose(run_dir: RunDirectory, log: RunLog) -> str | None:
    found = find_checkpoints(run_dir)
    if found.whole is None and found.damaged:
        raise RunError(
            f'no checkpoint in "{run_dir.path}" is whole',
            slug="damaged-checkpoint",
            helps=(
                *map(str, found.damaged),
                "restore one from a copy, or start a new run without --resume",
            ),
        )
    try:
        folders = set_aside(found.damaged)
    except OSError as error:
        raise not_writable(run_dir.checkpoints, error) from error
    for one, folder in zip(found.damaged, folders, strict=True):
        log.note(f'{one}; it is now "{folder.name}", and the run goes on from an earlier one')
    return None if found.whole is None else str(found.whole)
