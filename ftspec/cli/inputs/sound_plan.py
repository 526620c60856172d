"""From a spec on the command line to a plan without errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ftspec.cli.inputs.spec_files import read_spec
from ftspec.cli.terminal.exits import FINDINGS, Exit
from ftspec.cli.terminal.findings import show_findings, summary
from ftspec.cli.terminal.output import echo, hide
from ftspec.diagnostics.model import Collector, Severity
from ftspec.document.load import Document
from ftspec.errors import SpecError
from ftspec.exit_code import forbid_restart
from ftspec.linting import Verdict, examine
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from ftspec.span import SourceText


def sound_plan(
    path: str,
    registry: Registry,
    *,
    profile: str | None,
    overrides: Sequence[str],
    output_dir: Path | None = None,
    shows: bool = True,
) -> tuple[SourceText, Document, Plan]:
    """The plan of a spec. Shows its errors and warnings, and exits if there are errors.

    With ``shows=False``, nothing is shown.

    Raises:
        SpecError: the spec has errors, and ``shows`` is false.
    """
    collector = Collector()
    source = read_spec(path, collector)
    verdict = Verdict(None, None, tuple(collector))
    if source is not None:
        verdict = examine(
            source, registry, profile=profile, overrides=overrides, output_dir=output_dir
        )
    _hide_secrets_of(verdict)
    shown = [one for one in verdict.diagnostics if one.severity is not Severity.INFO]
    if shows:
        show_findings(shown)
    if source is None or verdict.document is None or verdict.plan is None or not verdict.is_sound:
        if not shows:
            raise SpecError(verdict.diagnostics)
        forbid_restart()
        echo(summary(shown, 1), err=True)
        raise Exit(FINDINGS)
    return source, verdict.document, verdict.plan


def _hide_secrets_of(verdict: Verdict) -> None:
    for one in (verdict.document, verdict.plan):
        if one is not None:
            hide(one.secrets)
