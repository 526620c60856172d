"""Files that a spec names exist: a path without its file, or a pattern that matches none, is an error."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.diagnostics.suggest import did_you_mean
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.planning.resolve import is_local
from ftspec.spec.base import LocalPath


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Look up every path that a component's config marks as one that must exist."""
    components = (plan.source, *plan.transforms, plan.tokenizer, *plan.metrics, *plan.callbacks)
    for planned in components:
        for at, path in _paths_of(planned):
            if not os.path.exists(path) and not glob.glob(path, recursive=True):
                yield _missing(path, at, plan, spans)
    checkpoint = plan.model.checkpoint
    if checkpoint is not None and is_local(checkpoint) and not os.path.isdir(checkpoint):
        yield _missing(checkpoint, ("model", "checkpoint"), plan, spans)


def _missing(path: str, at: SpecPath, plan: Plan, spans: Document) -> Diagnostic:
    what = "no file matches" if glob.has_magic(path) else "there is no file"
    parent = Path(path).parent
    siblings = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    return Diagnostic(
        slug="missing-file",
        headline=f'{what} "{plan.mask(path)}"',
        labels=labelled(spans.span(at)),
        helps=did_you_mean(Path(path).name, siblings)
        or ("a relative path starts from the folder of the file it is written in",),
    )


def _paths_of(planned: PlannedComponent) -> Iterator[tuple[SpecPath, str]]:
    config = planned.config
    for name, field in type(config).model_fields.items():
        if any(isinstance(item, LocalPath) and item.must_exist for item in field.metadata):
            yield from _strings(getattr(config, name), (*planned.at, field.alias or name))
    for child in planned.children.values():
        yield from _paths_of(child)


def _strings(value: Any, at: SpecPath) -> Iterator[tuple[SpecPath, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, (*at, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _strings(item, (*at, index))
