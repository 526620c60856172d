"""Checks of the data of named sets: the same as of the data of the spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ftspec.checks import (
    Check,
    empty_text,
    label_values,
    missing_prefix,
    odd_files,
    template_fields,
    text_values,
    unknown_column,
    unknown_split,
)
from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.diagnostics.suggest import one_of
from ftspec.document.load import Document
from ftspec.document.nodes import Node
from ftspec.document.paths import SpecPath
from ftspec.planning.evaluation_set import PlannedSet
from ftspec.planning.plan import Plan
from ftspec.planning.source_splits import known_splits
from ftspec.span import Span

_OF_LABELS = frozenset({"label-type", "missing-label"})
"""A label that training does not have counts as an error, and is none of the spec."""


def set_findings(
    plan: Plan, document: Document, known: Iterable[Diagnostic]
) -> Iterator[Diagnostic]:
    """The findings in the data of each set, at its place, without those that are ``known`` of the
    data of the spec."""
    said = {(one.slug, one.headline) for one in known} if plan.evaluation else set()
    for planned in plan.evaluation.values():
        own = plan.of_set(planned.name)
        if not plan.is_measured(planned.name):
            own = _asking_no_answers(own)
        spans = _SetDocument(**vars(document), planned=planned)
        if planned.slice is None and planned.source is not None:
            yield from _without_slice(planned, known_splits(planned.source), document)
        for check in _checks_of(planned):
            for found in check.check(own, spans):
                is_of_labels = check is label_values and found.slug not in _OF_LABELS
                if not is_of_labels and (found.slug, found.headline) not in said:
                    headline = f'in the set "{planned.name}": {found.headline}'
                    yield replace(found, headline=headline)
        yield from _without_references(plan, planned, document)


def _asking_no_answers(plan: Plan) -> Plan:
    component = plan.task.component
    fields = tuple(
        replace(field, required=field.required and not field.is_answer)
        for field in component.fields
    )
    return replace(plan, task=replace(plan.task, component=replace(component, fields=fields)))


def _without_references(
    plan: Plan, planned: PlannedSet, document: Document
) -> Iterator[Diagnostic]:
    """Say that a set is only predicted. It is an error where the run would have to measure it."""
    if plan.is_measured(planned.name):
        return
    needs = "during_training" if planned.during_training else "by" if planned.by else None
    answers = [field for field in plan.task.component.fields if field.is_answer and field.required]
    named = " and ".join(f'"{field.name}"' for field in answers)
    then = f', which "{needs}" needs' if needs else ": it is only predicted, without metrics"
    yield Diagnostic(
        slug="missing-field",
        severity=Severity.ERROR if needs else Severity.WARNING,
        headline=f'the template of the set "{planned.name}" does not fill {named}{then}',
        labels=labelled(document.span((*planned.at, "template"))),
        helps=tuple(f'add "{field.name}": {field.summary}' for field in answers),
    )


def _without_slice(
    planned: PlannedSet, names: list[str] | None, document: Document
) -> Iterator[Diagnostic]:
    if names is not None and len(names) != 1:
        yield Diagnostic(
            slug="bad-split",
            headline=f'the set "{planned.name}" needs a slice: its source has {len(names)} splits',
            labels=labelled(document.span(planned.at)),
            helps=(one_of(names),) if names else (),
        )


def _checks_of(planned: PlannedSet) -> Iterator[Check]:
    if planned.slice is not None:
        yield unknown_split
    if planned.source is not None:
        yield odd_files
    if planned.template is not None:
        yield from (template_fields, missing_prefix)
    if planned.has_own_data:
        yield from (unknown_column, text_values, empty_text, label_values)


@dataclass(frozen=True)
class _SetDocument(Document):
    """The document, where what a spec says of its data is what a set says."""

    planned: PlannedSet | None = None

    def node(self, path: SpecPath) -> Node | None:
        """The value at ``path``."""
        return super().node(self._place(path))

    def span(self, path: SpecPath) -> Span:
        """The place of the value at ``path``."""
        return super().span(self._place(path))

    def key_span(self, path: SpecPath) -> Span:
        """The place of the key at ``path``."""
        return super().key_span(self._place(path))

    def _place(self, path: SpecPath) -> SpecPath:
        return self.planned.place_of(path) if self.planned is not None else path
