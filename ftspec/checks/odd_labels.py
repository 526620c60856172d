"""The labels in the data are probably not what they should be.

Why: floats are mostly numbers to predict, and each different one would be a class of its own.
Labels that differ only in case, space or Unicode form are mostly one label. A label with fewer than
ten rows of fifty or more can hardly be learned. Lint reads the first 1,000 rows of local files, and
the run finds the others. In this example, the labels in reviews.jsonl are "bad" and "good".

Bad:

    data: {source: {type: json, files: reviews.jsonl}}
    task: {type: text-classification, labels: [bad, good, Good]}

Good:

    data: {source: {type: json, files: reviews.jsonl}}
    task: {type: text-classification, labels: [bad, good]}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.errors import RunError
from ftspec.planning.local_labels import learn_local_labels, place_of_labels
from ftspec.planning.plan import Plan

SLUGS = ("float-labels", "label-positions", "rare-labels", "similar-labels")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Say of the labels of the first rows what the run would say."""
    try:
        labels = learn_local_labels(plan)
    except RunError:
        return
    if labels is None:
        return
    place = labelled(spans.span(place_of_labels(plan)))
    if labels.reading == "positions":
        yield Diagnostic(
            slug="label-positions",
            severity=Severity.INFO,
            headline=labels.note,
            labels=place,
        )
    for slug, headline, helps in labels.warnings:
        if slug == "float-labels":
            yield Diagnostic(
                slug="float-labels",
                severity=Severity.WARNING,
                headline=headline,
                labels=place,
                helps=helps,
            )
        elif slug == "similar-labels":
            yield Diagnostic(
                slug="similar-labels",
                severity=Severity.WARNING,
                headline=headline,
                labels=place,
                helps=helps,
            )
        elif slug == "rare-labels":
            yield Diagnostic(
                slug="rare-labels",
                severity=Severity.WARNING,
                headline=headline,
                labels=place,
                helps=helps,
            )
