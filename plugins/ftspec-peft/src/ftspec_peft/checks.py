"""Checks of an adapter that involve more than one key."""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.api import Diagnostic, Document, Label, Plan, Severity
from ftspec_peft.config import LoraConfig


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report modules that are in both lists. peft trains them whole."""
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
                headline=f'"{name}" is trained whole, so it gets no adapter',
                labels=(
                    Label(spans.span((*plan.adapter.at, "target_modules", index))),
                    Label(spans.span(twice), "because of this"),
                ),
                helps=("remove it from one of the two lists",),
            )
