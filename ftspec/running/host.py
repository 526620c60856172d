"""What starts a run: a command, whose process runs nothing else, or another program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ftspec.engine.progress.outcome import RunInterruptedError
from ftspec.engine.progress.run_log import Watcher
from ftspec.rundir import RunDirectory


def _say_nothing(stop: RunInterruptedError) -> None:
    """An interruption is raised: no message is needed."""


def _do_nothing(run_dir: RunDirectory) -> None:
    """The run directory is not needed at once."""


@dataclass(frozen=True)
class Host:
    """What starts a run.

    Attributes:
        watcher: gets the progress.
        command: what was called, for the lock of the run.
        owns_process: whether the process runs nothing else. If so, a signal in the middle of an
            import, or a second one, ends it at once. If not, each of them is raised.
        at_opening: gets the run directory as soon as it is there.
        say_interrupted: says that a run was interrupted, just before the process ends at once.
    """

    watcher: Watcher
    command: Sequence[str] = ()
    owns_process: bool = True
    say_interrupted: Callable[[RunInterruptedError], None] = _say_nothing
    at_opening: Callable[[RunDirectory], None] = _do_nothing
