"""Findings of the checks in plugins, and faults in these findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ftspec.diagnostics.model import Diagnostic, Fix, Label, Severity, labelled
from ftspec.document.load import Document
from ftspec.planning.plan import Plan
from ftspec.registry.isolation import Isolation, describe_error
from ftspec.registry.registry import Plugin, Registry
from ftspec.span import Span, whole_line

HOOK = "ftspec_check_plan"
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def plugin_findings(plan: Plan, document: Document, registry: Registry) -> Iterator[Diagnostic]:
    """The findings of plugins in a plan. A fault of a plugin is a finding too, and hides no other
    finding."""
    for plugin in registry.plugins:
        if HOOK in plugin.hooks:
            yield from _Check(plugin, plan, document).findings()


class _Check:
    """The check of one plugin, run on one plan."""

    def __init__(self, plugin: Plugin, plan: Plan, document: Document) -> None:
        self._plugin = plugin
        self._plan = plan
        self._document = document
        self._faults: list[str] = []

    def findings(self) -> Iterator[Diagnostic]:
        found: list[Diagnostic] = []
        with Isolation(self._plugin, f'ran "{HOOK}"') as ran:
            for values in self._plugin.call(HOOK, plan=self._plan, spans=self._document):
                for value in values:
                    found += self._sound(value)
        yield from found
        if ran.error is not None:
            said = self._plan.mask(describe_error(ran.error, self._plugin))
            self._faults.append(f'raised in "{HOOK}": {said}')
        for fault in dict.fromkeys(self._faults):
            yield Diagnostic(
                slug="plugin-hooks",
                severity=Severity.WARNING,
                headline=f"the plugin {self._plugin} {fault}",
                labels=labelled(whole_line(self._document.source)),
            )

    def _sound(self, value: object) -> Iterator[Diagnostic]:
        """The finding, if it can be shown."""
        fault = f"expected Diagnostic, found {type(value).__name__}"
        if not isinstance(value, Diagnostic) or (fault := _fault_of(value)):
            self._faults.append(f'returned a bad finding from "{HOOK}": {fault}')
            return
        own, _, slug = value.slug.rpartition("/")
        if own != self._plugin.name or not _SLUG.fullmatch(slug):
            wanted = f'"{self._plugin.name}/<kebab-case>"'
            self._faults.append(f'gave a finding the slug "{value.slug}", which is not {wanted}')
            # keep the finding, but under the name of this plugin
            value = replace(value, slug=f"{self._plugin.name}/{slug}")
        yield value


def _fault_of(value: Diagnostic) -> str:
    """The part of a finding that has a wrong type, or ``""``. Plugins may not be type-checked."""
    rules = (
        ("slug", isinstance(value.slug, str), "a string"),
        ("headline", isinstance(value.headline, str) and value.headline != "", "a sentence"),
        ("severity", isinstance(value.severity, Severity), "a Severity"),
        ("labels", _are(value.labels, Label), "a tuple of Label"),
        ("helps", _are(value.helps, str), "a tuple of strings"),
        ("fix", value.fix is None or isinstance(value.fix, Fix), "a Fix or None"),
    )
    for attribute, holds, expected in rules:
        if not holds:
            return f"its {attribute} must be {expected}"
    spans = [label.span for label in value.labels]
    if not all(isinstance(span, Span) for span in spans):
        return "each of its labels must have a Span"
    return ""


def _are(values: object, of_type: type) -> bool:
    return isinstance(values, tuple) and all(isinstance(value, of_type) for value in values)
