"""From command-line arguments to specs: reading files, standard input, folders."""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ftspec.cli.completion import complete_files, complete_profiles
from ftspec.cli.exits import FINDINGS, Exit
from ftspec.cli.output import echo, hide
from ftspec.diagnostics.model import Collector, Diagnostic, Severity, labelled
from ftspec.diagnostics.render import text
from ftspec.document.load import LARGEST, Document, decode_source, read_source
from ftspec.errors import RunError, SpecError
from ftspec.linting import Verdict, examine
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from ftspec.span import SourceText

_MARKER = re.compile(r"^ftspec\s*:", re.MULTILINE)

set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help='Override a value, as in "training.max_steps=10"; wins over everything. Repeatable.',
)
profile_option = click.option(
    "--profile", help="Apply this profile of the spec.", shell_complete=complete_profiles
)
spec_argument = click.argument("spec", shell_complete=complete_files)


def read_spec(path: str, found: Collector) -> SourceText | None:
    """The text of a spec; ``-`` is standard input."""
    if path == "-":
        return decode_source("<stdin>", sys.stdin.buffer.read(LARGEST + 1), found)
    return read_source(Path(path), found)


def find_specs(paths: Sequence[str], *, only_marked: bool = False) -> list[str]:
    """The paths, each folder replaced by the specs in it: YAML files with an ``ftspec:`` key.

    With ``only_marked``, files named one by one need that key too.
    """
    found = []
    for path in paths:
        if not Path(path).is_dir():
            is_pattern = path != "-" and glob.has_magic(path) and not Path(path).exists()
            found += sorted(glob.glob(path, recursive=True)) or [path] if is_pattern else [path]
            continue
        candidates = sorted({*Path(path).rglob("*.yaml"), *Path(path).rglob("*.yml")})
        found += [str(candidate) for candidate in candidates if _is_marked(candidate)]
    if only_marked:
        # one that cannot be read is kept, to be reported
        return [path for path in found if not Path(path).is_file() or _is_marked(Path(path))]
    return found


def sound_plan(
    path: str,
    registry: Registry,
    *,
    profile: str | None,
    overrides: Sequence[str],
    output_dir: Path | None = None,
    shows: bool = True,
) -> tuple[SourceText, Document, Plan]:
    """The plan of a spec without errors; otherwise show them and exit. Warnings are shown too.

    Raises:
        SpecError: it has errors, and ``shows`` is false.
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
    if shown and shows:
        echo(text.render(shown), err=True, nl=False)
    if source is None or verdict.document is None or verdict.plan is None or not verdict.is_sound:
        if not shows:
            raise SpecError(verdict.diagnostics)
        echo(summary(shown, 1), err=True)
        raise Exit(FINDINGS)
    return source, verdict.document, verdict.plan


def _hide_secrets_of(verdict: Verdict) -> None:
    for one in (verdict.document, verdict.plan):
        if one is not None:
            hide(one.secrets)


def diagnose(error: RunError, document: Document, plan: Plan) -> Diagnostic:
    """What went wrong in a run, at the place in the spec that is at fault."""
    place = document.key_span if error.slug == "unknown-key" else document.span
    return Diagnostic(
        slug=error.slug,
        headline=plan.mask(error.headline),
        labels=labelled(place(error.at)) if error.at else (),
        helps=tuple(plan.mask(text) for text in error.helps),
    )


def summary(diagnostics: Sequence[Diagnostic], files: int) -> str:
    """The last line of a report."""
    counts = [
        f"{count} {severity.value}{'s' if count != 1 else ''}"
        for severity in Severity
        if (count := sum(found.severity is severity for found in diagnostics))
    ]
    where = f"{files} spec{'s' if files != 1 else ''}"
    return f"{', '.join(counts)} in {where}" if counts else f"{where}: no problems found"


def _is_marked(path: Path) -> bool:
    try:
        if not path.is_file():  # a pipe may never end
            return False
        with path.open(encoding="utf-8", errors="replace") as file:
            return _MARKER.search(file.read(LARGEST)) is not None
    except OSError:
        return False
