"""The labels of the task differ from the labels in the model's configuration.

Why: the task overwrites the configuration, so one of the two is a mistake.

Bad:

    task: {type: text-classification, labels: [bad, fair, good]}
    model: {config: {num_labels: 2}}

Good:

    task: {type: text-classification, labels: [bad, fair, good]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ftspec.diagnostics.model import Diagnostic, Label
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan

SLUGS = ("label-count",)

_CONFIG: SpecPath = ("model", "config")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare ``labels`` with every setting of the model that implies a number of labels."""
    labels = getattr(plan.task.config, "labels", None)
    labels_at: SpecPath = (*plan.task.at, "labels")
    names = list(labels) if isinstance(labels, (list, tuple)) else None
    count = len(names) if names is not None else None
    what = f"the task has {count} labels"
    if getattr(plan.task.config, "problem", None) == "regression":
        names, count, labels_at = None, 1, (*plan.task.at, "problem")
        what = "a regression has one output"
    if count is None:
        return
    for key in ("num_labels", "id2label", "label2id"):
        written = plan.model.config.get(key)
        size = len(written) if isinstance(written, Mapping) else written
        if written is None or isinstance(size, bool) or not isinstance(size, int):
            continue
        fault = f"{key} says {size}" if size != count else ""
        if not fault and names is not None and isinstance(written, Mapping):
            given = written.values() if key == "id2label" else written
            fault = f"{key} has other names" if sorted(map(str, given)) != sorted(names) else ""
        if fault:
            yield Diagnostic(
                slug="label-count",
                headline=f"{what}, and {fault}",
                labels=(
                    Label(spans.span((*_CONFIG, key))),
                    Label(spans.span(labels_at), "set here"),
                ),
                helps=(f'remove "{key}": the task sets it',),
            )
