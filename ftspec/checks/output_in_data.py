"""The output folder is inside the data that the source reads.

Why: the next run would read the logs and results of this run as data.

Bad:

    data: {source: {type: json, files: "results/**/*.jsonl"}}
    output: {dir: results/runs}

Good:

    data: {source: {type: json, files: "data/**/*.jsonl"}}
    output: {dir: runs}
"""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any

from ftspec.diagnostics.model import Diagnostic, Label
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan, PlannedComponent

SLUGS = ("output-in-data",)

# what a run writes, a file of each kind
_WRITTEN = (
    "spec.yaml",
    "plan.json",
    "origins.json",
    "data.json",
    "metrics.jsonl",
    "samples.jsonl",
    "log.txt",
    "report.html",
    "model/config.json",
    "model/vocab.txt",
    "model/model.safetensors",
    "checkpoints/checkpoint-1/trainer_state.json",
    "checkpoints/checkpoint-1/optimizer.pt",
)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Check whether any pattern matches files that the run writes."""
    run = PurePath(os.path.normpath(plan.output_dir), plan.name, "20260101T000000Z-0123abcd")
    written = [run / name for name in _WRITTEN]
    for at, pattern in (found for one in plan.sources for found in _patterns(one)):
        parts = PurePath(pattern).parts
        if glob.has_magic(pattern) and any(_matches(path.parts, parts) for path in written):
            yield Diagnostic(
                slug="output-in-data",
                headline="the source would read files of run directories as data",
                labels=(
                    Label(spans.span(("output", "dir"))),
                    Label(spans.span(at), "this matches files of the run"),
                ),
                helps=("choose a folder outside the data",),
            )


def _patterns(source: PlannedComponent) -> Iterator[tuple[SpecPath, str]]:
    if source.type == "disk":
        yield (*source.at, "path"), str(Path(getattr(source.config, "path", ""), "**"))
    elif source.type != "package":
        yield from _strings(getattr(source.config, "files", None), (*source.at, "files"))
    for child in source.children.values():
        yield from _patterns(child)


def _strings(value: Any, at: SpecPath) -> Iterator[tuple[SpecPath, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*at, index))


def _matches(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path matches part by part. ``**`` matches any number of parts."""
    reached = {0}  # how many parts of the path the pattern can have matched so far
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached), len(path) + 1))
        else:
            reached = {
                used + 1
                for used in reached
                if used < len(path) and fnmatch.fnmatchcase(path[used], part)
            }
        if not reached:
            return False
    return len(path) in reached
