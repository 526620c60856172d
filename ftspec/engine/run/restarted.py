"""The run that an earlier attempt of the same launch has begun. Imports without torch.

A launcher that starts all processes again does not say which run they had. So a run directory says
which launch began it, and a later attempt goes on with it. ``--resume`` makes no difference.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import NamedTuple

from ftspec.checkpoints import find_checkpoints
from ftspec.engine.processes.launched_by import LaunchedBy, launched_by
from ftspec.engine.run.opening import PassedOver, run_in_use
from ftspec.errors import not_writable
from ftspec.manifest import find_damage
from ftspec.ownership import Ownership, TakenError, take
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory, runs_in

_FILE = "launch.json"
SECONDS_TO_RELEASE = 60.0
"""How long an attempt waits for a process of the attempt before, which may still save."""


class Restarted(NamedTuple):
    """The run of an earlier attempt.

    Attributes:
        run_dir: the run to go on with, which this process owns. It may be finished.
        ownership: this process owns it.
        passed_over: the run of an earlier attempt that cannot go on.
    """

    run_dir: RunDirectory | None = None
    ownership: Ownership | None = None
    passed_over: tuple[PassedOver, ...] = ()


def sign_run(run_dir: RunDirectory) -> None:
    """Write down which launch began a run, if there is one."""
    launch = launched_by(os.environ)
    if launch is not None:
        with suppress(OSError):  # the run itself says that it cannot write
            run_dir.write_json(_FILE, launch.to_json())


def find_restarted(plan: Plan) -> Restarted:
    """The newest run of this plan that an earlier attempt of this launch has begun.

    Raises:
        RunError: another process has it, or it cannot be written.
    """
    launch = launched_by(os.environ)
    if launch is None:
        return Restarted()
    digest = plan.digest()
    for run_dir in reversed(runs_in(plan.output_dir / plan.name)):
        if run_dir.status().get("plan") != digest or not _is_of(run_dir, launch):
            continue
        ownership = _take_in_time(run_dir)
        if _is_finished(run_dir) or find_checkpoints(run_dir).whole is not None:
            return Restarted(run_dir, ownership)
        ownership.release()
        reason = "the attempt before left no whole checkpoint; the run starts again"
        return Restarted(passed_over=(PassedOver(run_dir.path, reason),))
    return Restarted()


def _is_finished(run_dir: RunDirectory) -> bool:
    is_finished = run_dir.status().get("status") == "finished"
    return is_finished and find_damage(run_dir.model) is None


def _is_of(run_dir: RunDirectory, launch: LaunchedBy) -> bool:
    """Whether a launch began a run. A file that is damaged says nothing."""
    try:
        record = json.loads((run_dir.path / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and launch.has_begun(record)


def _take_in_time(run_dir: RunDirectory) -> Ownership:
    until = time.monotonic() + SECONDS_TO_RELEASE
    while True:
        try:
            return take(run_dir.path)
        except TakenError as error:
            if time.monotonic() > until:
                raise run_in_use(run_dir, error.owner) from None
            time.sleep(1)
        except OSError as error:
            raise not_writable(run_dir.path, error, at=("output", "dir")) from error
