"""The spec configures DataLoader workers, but has none.

Why: prefetching and persistent workers need worker processes. transformers or torch refuses these
settings, but only after data and model are loaded. Without them, ftspec chooses the number of
workers for the machine.

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
    """Report settings of workers if there are no workers."""
    if plan.training.get("dataloader_num_workers", 0):
        return
    for name in ("dataloader_prefetch_factor", "dataloader_persistent_workers"):
        if plan.training.get(name):
            yield Diagnostic(
                slug="no-workers",
                headline=f'"{name}" needs worker processes, and there are none',
                labels=labelled(spans.key_span(("training", name))),
                helps=(f'set "dataloader_num_workers", or remove "{name}"',),
            )
