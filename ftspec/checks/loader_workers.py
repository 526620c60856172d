"""Settings of the worker processes that load batches, without any such process.

Why: prefetching and keeping workers alive mean nothing where the run itself loads its batches, and
transformers or torch refuses the run for it once data and model are loaded. Without any of these
settings ftspec chooses them by the machine.

Bad:

    training: {dataloader_prefetch_factor: 2}

Good:

    training: {dataloader_prefetch_factor: 2, dataloader_num_workers: 2}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.planning.plan import Plan

SLUGS = ("no-workers",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report settings of workers beside none."""
    if plan.training.get("dataloader_num_workers", 0):
        return
    for name in ("dataloader_prefetch_factor", "dataloader_persistent_workers"):
        if plan.training.get(name):
            yield Diagnostic(
                slug="no-workers",
                headline=f'"{name}" is for worker processes, and there are none',
                labels=labelled(spans.key_span(("training", name))),
                helps=(f'write "dataloader_num_workers" beside it, or remove "{name}"',),
            )
