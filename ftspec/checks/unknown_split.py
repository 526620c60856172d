"""A slice names a split that the source does not have.

Why: there are no rows to load. Lint knows the splits of local files: those that the spec names, and
without names all rows are in the split train. The run finds those of the Hub.

Bad:

    data: {source: {type: json, files: reviews.jsonl}, splits: {validation: validation}}

Good:

    data: {source: {type: json, files: reviews.jsonl}, splits: {validation: "train[90%:]"}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan
from ftspec.planning.source_splits import known_splits

SLUGS = ("unknown-split",)

_NAME = re.compile(r"\s*([\w.]+)")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the names in slices with the splits of a local source."""
    known = known_splits(plan.source)
    if known is None:
        return
    for name, split in plan.splits.named().items():
        for part in (split.slice or "").split("+"):
            match = _NAME.match(part)
            if match is None or match[1] in known:
                continue
            at: SpecPath = ("data", "splits", name)
            at = (*at, "slice") if spans.node((*at, "slice")) is not None else at
            if spans.node(at) is None:
                at = ("data", "source")
            yield Diagnostic(
                slug="unknown-split",
                headline=f'the source has no split "{match[1]}"',
                labels=labelled(spans.span(at)),
                helps=(*did_you_mean(match[1], known), one_of(known)),
            )
