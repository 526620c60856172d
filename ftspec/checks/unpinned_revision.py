"""A Hub repository is used without a pinned revision.

Why: the repository can change between two runs of the same spec. The lock of a run records the
commit that it used, but the next run uses the newest commit again.

Bad:

    data: {source: {type: hub, path: fancyzhx/ag_news, revision: null}}

Good:

    data: {source: {type: hub, path: fancyzhx/ag_news, revision: eb185aade064}}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.spec.base import is_local

SLUGS = ("unpinned-revision",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report every Hub repository without a revision."""
    places = [at for one in (*plan.sources, *plan.metrics) for at in _unpinned(one)]
    if plan.model.revision is None and _is_on_hub(plan.model.checkpoint):
        places.append(("model", "checkpoint"))
    own = getattr(plan.tokenizer.config, "checkpoint", None)
    if _is_on_hub(own) and getattr(plan.tokenizer.config, "revision", None) is None:
        places.append((*plan.tokenizer.at, "checkpoint"))
    for at in places:
        yield Diagnostic(
            slug="unpinned-revision",
            severity=Severity.INFO,
            headline="the run uses the newest revision of this repository, which may change",
            labels=labelled(spans.span(at)),
            helps=('pin it: "revision: …", with the commit from the lock of a run',),
        )


def _unpinned(planned: PlannedComponent) -> Iterator[SpecPath]:
    if planned.component.uses_hub and getattr(planned.config, "revision", "") is None:
        yield (*planned.at, "path")
    for child in planned.children.values():
        yield from _unpinned(child)


def _is_on_hub(checkpoint: str | None) -> bool:
    return checkpoint is not None and not is_local(checkpoint) and ":" not in checkpoint
