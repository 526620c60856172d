"""``ftspec lint``: find what is wrong before a GPU is touched."""

from __future__ import annotations

import click

from ftspec.cli.exits import FINDINGS, Exit
from ftspec.cli.specs import find_specs, read_spec, set_option, summary
from ftspec.diagnostics.model import Collector, Diagnostic, Severity
from ftspec.diagnostics.render import RENDERERS
from ftspec.linting import lint
from ftspec.registry.discover import build_registry


@click.command("lint")
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(sorted(RENDERERS)),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@set_option
def lint_command(paths: tuple[str, ...], format_name: str, overrides: tuple[str, ...]) -> None:
    """Check specs, each by itself and under each of its profiles.

    PATHS are files, folders (every YAML file in them with an "ftspec:" key) or - for standard
    input. Nothing is downloaded, and torch is not imported.
    """
    registry = build_registry()
    found: list[Diagnostic] = list(registry.problems)
    specs = find_specs(paths)
    for path in specs:
        collector = Collector()
        source = read_spec(path, collector)
        found += collector
        if source is not None:
            found += lint(source, registry, overrides=overrides)
    click.echo(RENDERERS[format_name](found), nl=False)
    click.echo(summary(found, len(specs)), err=True)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in found):
        raise Exit(FINDINGS)
