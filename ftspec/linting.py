"""Text to diagnostics and plan, for every command: lint, plan, run and predict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ftspec.checks import CHECKS
from ftspec.configuration import configuration_for
from ftspec.diagnostics.model import Collector, Diagnostic, Severity, labelled
from ftspec.document.ignores import Ignore, drop_ignored, find_ignores
from ftspec.document.load import Document, load_document
from ftspec.masking import SHORTEST_MASKED_PART, blot, is_token, mask
from ftspec.planning.plan import Plan
from ftspec.planning.resolve import build_plan
from ftspec.plugin_checks import plugin_findings
from ftspec.registry.isolation import describe_error, plugin_at_fault
from ftspec.registry.registry import Plugin, Registry
from ftspec.set_checks import set_findings
from ftspec.span import SourceText, whole_line

_MOST_IGNORES = 10_000


@dataclass(frozen=True)
class Verdict:
    """The result of examining one spec.

    ``plan`` exists whenever it could be built; a run also needs ``is_sound``. ``optional`` are the
    findings of checks, which do not make a run impossible.
    """

    document: Document | None
    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]
    optional: frozenset[Diagnostic] = frozenset()

    @property
    def is_sound(self) -> bool:
        """Whether the plan can be compiled."""
        return self.plan is not None and not any(
            found.severity is Severity.ERROR for found in self.diagnostics
        )


def examine(
    source: SourceText,
    registry: Registry,
    *,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    output_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Verdict:
    """Load, validate, resolve and check one spec, as for a run.

    Findings that a comment ignores are left out, and the project's severities apply.
    """
    verdict = _examine(source, registry, profile, overrides, output_dir, environment)
    settled, _ = _settle(source, verdict.diagnostics, verdict.optional)
    return replace(verdict, diagnostics=tuple(settled))


def _examine(
    source: SourceText,
    registry: Registry,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    output_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Verdict:
    found, checked = Collector(), Collector()
    document = load_document(
        source, found, profile=profile, overrides=overrides, environment=environment
    )
    plan = None
    if document is not None and not found.has_errors:
        try:
            plan = build_plan(document, registry, found, output_dir=output_dir)
            if plan is not None:
                for check in CHECKS:
                    checked.extend(check.check(plan, document))
                checked.extend(set_findings(plan, document, tuple(checked)))
            if found.has_errors:
                plan = None  # it has placeholders: it cannot run, and plugins do not expect it
            elif plan is not None:
                checked.extend(plugin_findings(plan, document, registry))
        except (Exception, SystemExit) as error:
            plugin = plugin_at_fault(error, registry.plugins)
            if plugin is None:
                raise
            plan = None
            found.add(_plugin_fault(plugin, error, document))
    blotter = _Blotter(document.secrets if document is not None else {})
    optional = tuple(map(blotter.blot, checked))
    return Verdict(document, plan, (*map(blotter.blot, found), *optional), frozenset(optional))


def lint(
    source: SourceText, registry: Registry, *, overrides: Sequence[str] = ()
) -> tuple[Diagnostic, ...]:
    """Every finding in a spec, without and with each of its profiles, in the order of places.

    Includes comments that ignore nothing, and mistakes in the configuration of the project.
    """
    verdict = _examine(source, registry, None, overrides)
    found = dict.fromkeys(verdict.diagnostics)
    optional = verdict.optional
    for profile in verdict.document.profiles if verdict.document is not None else ():
        under = _examine(source, registry, profile, overrides)
        is_idle = () if overrides else _idle_profile(verdict, under)
        # if the whole profile changes nothing, do not report each of its values
        told = [one for one in under.diagnostics if not is_idle or one.slug != "shadowed-value"]
        found |= dict.fromkeys([*told, *is_idle])
        optional |= under.optional
    settled, unused = _settle(source, found, optional)
    here = [one for one in unused if one.span is not None and one.span.source == source]
    settled += configuration_for(source).apply(here)
    in_order = Collector()
    in_order.extend(sorted([*settled, *configuration_for(source).problems], key=_place))
    return tuple(in_order)


def _settle(
    source: SourceText, found: Iterable[Diagnostic], optional: Set[Diagnostic]
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The findings that remain after comments and severities, and the comments without effect."""

    def may_ignore(diagnostic: Diagnostic) -> bool:
        return diagnostic in optional or diagnostic.severity is not Severity.ERROR

    found = list(found)
    kept, unused = drop_ignored(found, _ignores(source, found), may_ignore)
    configuration = configuration_for(source)
    settled = [
        one
        for diagnostic in kept
        for one in (configuration.apply([diagnostic]) if may_ignore(diagnostic) else [diagnostic])
    ]
    return settled, unused


def _idle_profile(without: Verdict, under: Verdict) -> list[Diagnostic]:
    """A finding if a profile does not change the plan. Ignores profiles of base files, which may
    have an effect in another spec."""
    document = under.document
    if document is None or document.profile is None:
        return []
    place = document.profile_keys[document.profile]
    if under.plan is None or under.plan != without.plan or place.source != document.source:
        return []
    return [
        Diagnostic(
            slug="idle-profile",
            severity=Severity.WARNING,
            headline=f'the profile "{document.profile}" changes nothing',
            labels=labelled(place),
            helps=("remove it, or check whether the spec already has the same settings",),
        )
    ]


def _ignores(source: SourceText, diagnostics: Iterable[Diagnostic]) -> list[Ignore]:
    """The ignore comments of a spec, and of the files with its findings."""
    sources = {source.name: source}
    sources |= {found.span.source.name: found.span.source for found in diagnostics if found.span}
    found = (ignore for one in sources.values() for ignore in find_ignores(one))
    return [*islice(found, _MOST_IGNORES)]


class _Blotter:
    """Replaces tokens in the texts of findings by asterisks, because excerpts end up in logs."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        # a value that is not a token may be a word that a finding needs
        self._tokens = [
            value
            for value, reference in secrets.items()
            if len(value) >= SHORTEST_MASKED_PART and is_token(reference)
        ]
        self._sources: dict[int, SourceText] = {}

    def _blot(self, text: str) -> str:
        for value in self._tokens:
            text = text.replace(value, "*" * len(value))
        return blot(text)

    def blot(self, finding: Diagnostic) -> Diagnostic:
        """The finding without tokens. Its fix keeps the original text."""
        return replace(
            finding,
            headline=self._blot(finding.headline),
            helps=tuple(map(self._blot, finding.helps)),
            labels=tuple(
                label._replace(span=label.span._replace(source=self._source(label.span.source)))
                for label in finding.labels
            ),
        )

    def _source(self, source: SourceText) -> SourceText:
        if id(source) not in self._sources:
            name, text = self._blot(source.name), self._blot(source.text)
            is_clean = (name, text) == (source.name, source.text)
            self._sources[id(source)] = (
                source if is_clean else replace(source, name=name, text=text)
            )
        return self._sources[id(source)]


def _plugin_fault(plugin: Plugin, error: BaseException, document: Document) -> Diagnostic:
    """Code of a plugin's config, such as a property, can raise wherever the plan is read."""
    said = mask(describe_error(error, plugin), document.secrets)
    return Diagnostic(
        slug="plugin-config",
        headline=f"a config of the plugin {plugin} raised: {said}",
        labels=labelled(whole_line(document.source)),
        helps=("this is a bug in the plugin, not in the spec",),
    )


def _place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    span = diagnostic.span
    return (span.source.name, span.start.line, span.start.column) if span else ("", 0, 0)
