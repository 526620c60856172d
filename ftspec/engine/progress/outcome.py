"""How a run ends: finished, failed or interrupted. Imports without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ftspec.engine.progress.disk_fault import disk_fault_in
from ftspec.engine.progress.lost_process import LOST_PROCESS, is_lost_process
from ftspec.errors import FtspecError
from ftspec.rundir import RunDirectory
from ftspec.stopping import INTERRUPTED

MetricsBySplit = dict[str, dict[str, float]]
"""For each split its metrics by name."""

GroupsBySet = dict[str, Mapping[str, Any]]
"""For each set with ``by``, each column and each of its values the rows and the metrics."""


@dataclass(frozen=True)
class Outcome:
    """What a finished run leaves: its folder, for each split its metrics, and those of groups."""

    run_dir: RunDirectory
    metrics: MetricsBySplit
    groups: GroupsBySet = field(default_factory=dict)


class RunFailedError(FtspecError):
    """Something broke while training, outside ftspec: memory, disk, a library, a plugin.

    Attributes:
        run_dir: the run.
        helps: what to do, if that is known.
    """

    def __init__(self, error: Exception, run_dir: RunDirectory) -> None:
        text = " ".join(str(error).split())
        said = f"{type(error).__name__}: {text}" if text else type(error).__name__
        said = LOST_PROCESS if is_lost_process(error) else said
        fault = disk_fault_in(error, run_dir.path)
        super().__init__(said if fault is None else fault.text)
        self.run_dir = run_dir
        self.helps = () if fault is None else fault.helps


class RunInterruptedError(FtspecError):
    """Ctrl-C, or a signal; ``checkpoint`` is the last one kept, and ``code`` the exit code."""

    def __init__(self, run_dir: RunDirectory, code: int = INTERRUPTED) -> None:
        super().__init__("interrupted")
        self.run_dir = run_dir
        self.code = code
        self.checkpoint = run_dir.latest_checkpoint()
