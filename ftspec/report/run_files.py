"""What the files of a run directory say. Nothing needs to be there, and nothing to be whole: a page
shows what there is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ftspec.rundir import EVALUATIONS, GROUPS, RunDirectory
from ftspec.runs.summary import RunSummary, summary_of

_LARGEST = 64_000_000  # bytes of a file


@dataclass(frozen=True)
class RunFiles:
    """The files of one run, read when they are asked for."""

    run_dir: RunDirectory

    @cached_property
    def summary(self) -> RunSummary:
        """Name, state, times, metrics and the values of its spec."""
        return summary_of(self.run_dir)

    @cached_property
    def lock(self) -> Mapping[str, Any]:
        """Versions and identities."""
        return self.object_in("lock.json")

    @cached_property
    def performance(self) -> Mapping[str, Any]:
        """What it cost."""
        return self.object_in("performance.json")

    @cached_property
    def data(self) -> Mapping[str, Any]:
        """What its sets hold, by name."""
        return self.object_in("data.json")

    @cached_property
    def metrics(self) -> Mapping[str, Mapping[str, Any]]:
        """The final metrics of each set."""
        found = self.object_in("metrics.json")
        return {name: values for name, values in found.items() if isinstance(values, dict)}

    @cached_property
    def groups(self) -> Mapping[str, Mapping[str, Any]]:
        """The metrics of groups of sets, by column and value."""
        found = self.object_in(GROUPS)
        return {name: values for name, values in found.items() if isinstance(values, dict)}

    @cached_property
    def origins(self) -> Mapping[str, Any]:
        """Where the values of the spec are written, by key."""
        return self.object_in("origins.json")

    @cached_property
    def logged(self) -> list[Mapping[str, Any]]:
        """Every record of metrics.jsonl."""
        return list(self.records_in("metrics.jsonl"))

    @cached_property
    def samples(self) -> list[Mapping[str, Any]]:
        """What the model generated while it was trained."""
        return list(self.records_in("samples.jsonl"))

    def text_in(self, name: str) -> str:
        """The text of a file; empty if it cannot be read."""
        path = self.run_dir.path / name
        try:
            if path.stat().st_size > _LARGEST:
                return ""
            return path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def object_in(self, name: str) -> Mapping[str, Any]:
        """The object in a JSON file; empty if there is none."""
        found = _parsed(self.text_in(name))
        return found if isinstance(found, dict) else {}

    def records_in(self, name: str) -> Iterator[Mapping[str, Any]]:
        """The objects in the lines of a file, without those that are damaged."""
        for line in self.text_in(name).splitlines():
            record = _parsed(line)
            if isinstance(record, dict):
                yield record

    def evaluations(self) -> list[Path]:
        """The folders of evaluations, of each name the newest, the newest first."""
        newest: dict[str, tuple[float, Path]] = {}
        for file in (self.run_dir.path / EVALUATIONS).glob("[!.]*/metrics.json"):
            name = _name_of(file.parent)
            moment = _moment_of(file)
            if name not in newest or newest[name][0] < moment:
                newest[name] = (moment, file.parent)
        ordered = sorted(newest.values(), key=lambda one: one[0], reverse=True)
        return [folder for _, folder in ordered]


def _name_of(folder: Path) -> str:
    """The name of an evaluation without the number of a later one, if there is an earlier one."""
    stem, _, number = folder.name.rpartition("-")
    return stem if number.isdecimal() and folder.with_name(stem).is_dir() else folder.name


def _moment_of(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
