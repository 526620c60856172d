"""The labels in the data cannot be read in one way.

Why: either every value of the column is a name of the task's "labels", or every value is a position
in them. Values of several types would become classes that nobody meant. Lint reads the first 1,000
rows of local files, and the run finds the others. In this example, the labels in reviews.jsonl are
"bad" and "good".

Bad:

    data: {source: {type: json, files: reviews.jsonl}}
    task: {type: text-classification, labels: [negative, positive]}

Good:

    data: {source: {type: json, files: reviews.jsonl}}
    task: {type: text-classification, labels: [bad, good]}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.errors import RunError
from ftspec.planning.local_labels import learn_local_labels, place_of_labels
from ftspec.planning.plan import Plan

SLUGS = ("label-type", "missing-label", "mixed-labels", "repeated-label", "unseen-label")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Learn the labels of the first rows of the first local file, as the run does."""
    try:
        learn_local_labels(plan)
    except RunError as error:
        finding = _finding(error, plan, spans)
        if finding is not None:
            yield finding


def _finding(error: RunError, plan: Plan, spans: Document) -> Diagnostic | None:
    match error.slug:
        case "label-type":
            slug = "label-type"
        case "missing-label":
            slug = "missing-label"
        case "mixed-labels":
            slug = "mixed-labels"
        case "repeated-label":
            slug = "repeated-label"
        case "unseen-label":
            slug = "unseen-label"
        case _:
            return None
    return Diagnostic(
        slug=slug,
        headline=plan.mask(error.headline),
        labels=labelled(spans.span(place_of_labels(plan))),
        helps=error.helps,
    )
