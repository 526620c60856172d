"""What can be wrong with an adapter that no single key shows."""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.api import Diagnostic, Document, Label, Plan, Severity
from ftspec_peft.config import LoraConfig


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Modules that are to be trained both whole and by an adapter, of which peft does the first."""
    if plan.adapter is None or not isinstance(plan.adapter.config, LoraConfig):
        return
    targets, saved = plan.adapter.config.target_modules, plan.adapter.config.modules_to_save
    if not isinstance(targets, list):
        return
    for index, name in enumerate(targets):
        if name in (saved or ()):
            assert saved is not None
            twice = (*plan.adapter.at, "modules_to_save", saved.index(name))
            yield Diagnostic(
                slug="peft/module-twice",
                severity=Severity.WARNING,
                headline=f'"{name}" is trained whole, so that no adapter is put there',
                labels=(
                    Label(spans.span((*plan.adapter.at, "target_modules", index))),
                    Label(spans.span(twice), "because of this"),
                ),
                helps=("take it out of one of the two",),
            )
