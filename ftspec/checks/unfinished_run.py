"""The checkpoint is the directory of a run that is not finished.

Why: a run writes its model when it ends, so there is none yet. Resume the run, or name one of its
checkpoints.

Found: by lint where the directory is on this machine, and otherwise when the run starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.planning.plan import Plan
from ftspec.rundir import run_at, status_of
from ftspec.spec.base import is_local

SLUGS = ("unfinished-run",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Read the status of the run."""
    checkpoint = plan.model.checkpoint
    if checkpoint is None or not is_local(checkpoint):
        return
    try:
        run_dir = run_at(Path(checkpoint))
    except (OSError, ValueError):  # a path that no file can have
        return
    if run_dir is None or status_of(run_dir) == "finished":
        return
    yield Diagnostic(
        slug="unfinished-run",
        headline=plan.mask(
            f'the run in "{checkpoint}" is not finished: its status is "{status_of(run_dir)}"'
        ),
        labels=labelled(spans.span(("model", "checkpoint"))),
        helps=("resume it: ftspec run SPEC --resume RUN_DIR",),
    )
