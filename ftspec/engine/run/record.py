"""How far a run came and how it ended: one owner of the status and of the outcome."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from ftspec.engine.processes.failure import Failure
from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.run.lock import LockDriftError
from ftspec.engine.run.observers import Observers
from ftspec.errors import FtspecError
from ftspec.ownership import Ownership
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory

Ending = Literal["finished", "failed", "interrupted"]


class RunRecord:
    """Writes the status of a run, and calls observers when it starts and when it ends."""

    def __init__(
        self,
        plan: Plan,
        run_dir: RunDirectory,
        observers: Observers,
        log: RunLog,
        ownership: Ownership | None = None,
    ) -> None:
        self._ownership = ownership
        self._plan = plan
        self._run_dir = run_dir
        self._observers = observers
        self._log = log
        self._digest = plan.digest()
        self._ending: Ending = "failed"
        self._before: Mapping[str, Any] = {}

    def prepare(self) -> None:
        """The run prepares its data and its model."""
        self._before = self._run_dir.status()
        self._run_dir.set_status("preparing", plan=self._digest)

    def start(self) -> None:
        """The run starts to train."""
        self._observers.call("ftspec_run_started")
        self._run_dir.set_status("training", plan=self._digest)

    def finish(self) -> None:
        """The run has a trained model."""
        self._end("finished")

    def interrupt(self) -> None:
        """The user or the cluster stops the run."""
        self._end("interrupted")

    def fail(self, error: Exception) -> None:
        """An error of this process ends the run. The log gets the traceback, unless the message of
        the error explains it. A run that cannot be resumed as it was asked keeps its status."""
        if isinstance(error, LockDriftError):
            self._restore_status()
        else:
            self._end("failed", self._plan.mask(str(error)))
        explained = str(error) if isinstance(error, FtspecError) else traceback.format_exc()
        self._log.record_error(explained)

    def fail_with(self, failure: Failure) -> None:
        """What ended another process ends this one too."""
        error = self._plan.mask(str(failure))
        self._end("interrupted" if failure.kind == "interrupted" else "failed", error)
        self._log.record_error(error)

    def _restore_status(self) -> None:
        if self._before:
            with suppress(OSError):
                self._run_dir.write_json("status.json", self._before)

    def _end(self, ending: Ending, error: str | None = None) -> None:
        self._ending = ending
        if self._ownership is not None and self._ownership.is_lost:
            return  # the status is that of the process that has taken the run
        more = {} if error is None else {"error": error}
        try:
            self._run_dir.set_status(ending, plan=self._digest, **more)
        except OSError:  # a full disk has no room for another file
            self._overwrite(ending)

    def _overwrite(self, ending: Ending) -> None:
        """Change the status where it is. That needs no room, and ends the run as it ended."""
        path = self._run_dir.path / "status.json"
        with suppress(OSError, ValueError):
            status = {**self._run_dir.status(), "status": ending}
            text = json.dumps(status, ensure_ascii=False).encode()
            with path.open("r+b") as stream:
                stream.write(text.ljust(path.stat().st_size))
                stream.truncate()

    def close(self) -> None:
        """Tell observers how the run ended."""
        self._observers.call("ftspec_run_finished", outcome=self._ending)
