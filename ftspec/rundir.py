"""The run directory: everything that one run writes. Files are written atomically."""

from __future__ import annotations

import json
import math
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ftspec.errors import RunError
from ftspec.files import write_atomically
from ftspec.manifest import find_damage
from ftspec.ownership import is_owned, owner_of

EVALUATIONS = "evaluations"
"""The folder in a run directory with what ``ftspec evaluate`` measured, a folder for each
evaluation."""

GROUPS = "groups.json"
"""The file with the metrics of the groups of sets."""

Status = Literal["created", "preparing", "training", "finished", "failed", "interrupted"]


@dataclass(frozen=True)
class RunDirectory:
    """The folder of one run."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        """The checkpoints of the Trainer."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The trained model and its tokenizer, ready for ``from_pretrained``."""
        return self.path / "model"

    @property
    def tensorboard(self) -> Path:
        """The event files of TensorBoard."""
        return self.path / "tensorboard"

    @property
    def log(self) -> Path:
        """The log of the run."""
        return self.path / "log.txt"

    @property
    def resolved_spec(self) -> Path:
        """The spec with everything filled in. It can be run and linted like any other spec."""
        return self.path / "spec.resolved.yaml"

    def write_text(self, name: str, text: str) -> None:
        """Write a file atomically: temporary file, fsync, rename."""
        write_atomically(self.path / name, text)

    def write_json(self, name: str, value: Any) -> None:
        """Write JSON atomically. A float that is no number is ``null``, as JSON has none."""
        text = json.dumps(as_json(value), indent=2, ensure_ascii=False, default=str)
        self.write_text(name, text + "\n")

    def read_json(self, name: str) -> Any:
        """The object in a JSON file of the run.

        Raises:
            RunError: there is none.
        """
        try:
            value = json.loads(self.read_text(name))
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise damaged_file(self.path / name)
        return value

    def read_text(self, name: str) -> str:
        """The text of a file of the run.

        Raises:
            RunError: there is none.
        """
        path = self.path / name
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise damaged_file(path) from None
        except OSError as error:
            raise damaged_file(path, error.strerror or str(error)) from error

    def set_status(self, status: Status, **details: Any) -> None:
        """Record the status of the run and its process. Keeps the times of earlier statuses."""
        known = self.status()
        before = known.get("times")
        times = {
            **(before if isinstance(before, dict) else {}),
            status: _now().isoformat(timespec="seconds"),
        }
        process = {"host": socket.gethostname(), "pid": os.getpid()}
        self.write_json("status.json", {"status": status, **details, **process, "times": times})

    def is_running(self) -> bool:
        """Whether another process has the run, as far as this machine can tell."""
        return is_owned(self.path)

    def owner(self) -> str:
        """The process that has the run, in words."""
        owner = owner_of(self.path)
        return "another process" if owner is None else str(owner)

    def status(self) -> Mapping[str, Any]:
        """The recorded status; empty if there is none yet, or if its file is damaged."""
        try:
            status = json.loads((self.path / "status.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError, RecursionError):
            return {}
        return status if isinstance(status, dict) else {}

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        """Add one line to ``metrics.jsonl``. A float that is no number is ``null``."""
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(_line_of(record))

    def count_metrics(self) -> int:
        """How many lines ``metrics.jsonl`` has."""
        path = self.path / "metrics.jsonl"
        return path.read_bytes().count(b"\n") if path.is_file() else 0

    def drop_metrics_after(self, step: int, rows: int | None = None) -> None:
        """Remove the records that will be made again: those after the first ``rows``, or, where
        that is not known, those of later steps and of an end. A line that was cut off ends the
        file."""
        path = self.path / "metrics.jsonl"
        if not path.is_file():
            return
        kept: list[str] = []
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
            record = _record_in(line)
            if record is None or len(kept) == rows:
                break
            if rows is not None or (record["step"] <= step and "train_loss" not in record):
                kept.append(line)
        write_atomically(path, "".join(kept))

    def restore_metrics(self, records: Sequence[Mapping[str, Any]]) -> bool:
        """Make ``metrics.jsonl`` hold these records; whether it held others."""
        path = self.path / "metrics.jsonl"
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
            if [_record_in(line) for line in lines] == [as_json(record) for record in records]:
                return False
        elif path.is_dir():
            path.rename(path.with_name(f"damaged-{path.name}"))
        write_atomically(path, "".join(map(_line_of, records)))
        return True

    def checkpoints_by_step(self) -> list[tuple[int, Path]]:
        """The folders of checkpoints with their steps, the latest first. Some may be incomplete."""
        found = (
            (folder.name.removeprefix("checkpoint-"), folder)
            for folder in self.checkpoints.glob("checkpoint-*")
        )
        steps = ((int(step), folder) for step, folder in found if step.isdecimal())
        return sorted(steps, reverse=True)

    def latest_checkpoint(self) -> Path | None:
        """The checkpoint with the most steps whose files have the names and sizes of its
        manifest."""
        folders = (folder for _, folder in self.checkpoints_by_step())
        return next((one for one in folders if find_damage(one, with_hashes=False) is None), None)


@dataclass(frozen=True)
class JoinedRunDirectory(RunDirectory):
    """The run directory in every process except the first: only the first process writes, and each
    of the others has its own log.

    Attributes:
        rank: the rank of the process.
    """

    rank: int

    @property
    def log(self) -> Path:
        """The log of this process."""
        return self.path / "logs" / f"process-{self.rank + 1}.txt"

    def write_text(self, name: str, text: str) -> None:
        """Do nothing: the first process writes."""

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        """Do nothing: the first process writes."""

    def drop_metrics_after(self, step: int, rows: int | None = None) -> None:
        """Do nothing: the first process writes."""

    def restore_metrics(self, records: Sequence[Mapping[str, Any]]) -> bool:
        """Do nothing: the first process writes."""
        return False


def create_run_directory(parent: Path, digest: str, changes: str = "") -> RunDirectory:
    """A new folder ``<UTC time>-<digest>-<changes>`` in ``parent``. Never uses an existing folder.

    Raises:
        OSError: the folder cannot be created.
    """
    parent.mkdir(parents=True, exist_ok=True)
    stem = f"{_now():%Y%m%dT%H%M%SZ}-{digest[:8]}{'-' if changes else ''}{changes}"
    for attempt in range(1, 1000):
        path = parent / (stem if attempt == 1 else f"{stem}-{attempt}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return RunDirectory(path)
    raise FileExistsError(f"no free name next to {parent / stem}")


def runs_in(parent: Path) -> list[RunDirectory]:
    """The runs of one spec name, oldest first."""
    folders = [status.parent for status in parent.glob("*/status.json")]
    return [RunDirectory(folder) for folder in sorted(folders, key=lambda path: path.name)]


def run_at(folder: Path) -> RunDirectory | None:
    """The run in a folder, or whose model a folder is; ``None`` if it is of no run."""
    for path in (folder, folder.parent) if folder.name == "model" else (folder,):
        if (path / "status.json").is_file() and RunDirectory(path).resolved_spec.is_file():
            return RunDirectory(path)
    return None


def status_of(run_dir: RunDirectory) -> str:
    """The recorded status in one word."""
    try:
        status = run_dir.status().get("status", "unreadable")
    except OSError:
        return "unreadable"
    return status if isinstance(status, str) else "unreadable"


def damaged_file(path: Path, why: str = "it is damaged") -> RunError:
    """The error for a file of a run that cannot be read."""
    return RunError(
        f'cannot read "{path}": {why}',
        slug="damaged-run",
        helps=("restore it from a copy, or start a new run",),
    )


def _record_in(line: str) -> dict[str, Any] | None:
    """The record of a whole line of ``metrics.jsonl``."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    is_whole = line.endswith("\n") and isinstance(record, dict) and "step" in record
    return record if is_whole else None


def _line_of(record: Mapping[str, Any]) -> str:
    """A line of ``metrics.jsonl``."""
    return json.dumps(as_json(record), ensure_ascii=False, default=str) + "\n"


def as_json(value: Any) -> Any:
    """A value with ``None`` for each float that is no number, as JSON has none."""
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _now() -> datetime:
    return datetime.now(UTC)
