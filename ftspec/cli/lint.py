"""``ftspec lint``: find what is wrong before a GPU is touched."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ftspec.cli.completion import complete_files
from ftspec.cli.exits import FINDINGS, Exit
from ftspec.cli.installed import load_registry, no_plugins_option
from ftspec.cli.output import echo
from ftspec.cli.specs import find_specs, read_spec, set_option, summary
from ftspec.diagnostics.model import Collector, Diagnostic, Severity
from ftspec.diagnostics.render import RENDERERS, text
from ftspec.errors import UsageError
from ftspec.linting import lint
from ftspec.registry.registry import Registry


@click.command("lint")
@click.argument("paths", nargs=-1, required=True, shell_complete=complete_files)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(sorted(RENDERERS)),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@click.option(
    "--fix", is_flag=True, help="Mend what can be mended safely, in the files themselves."
)
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option(
    "--only-marked", is_flag=True, help='Pass over files that have no "ftspec:" key, as hooks must.'
)
@click.option("--info", "with_info", is_flag=True, help="Show findings that are information too.")
@set_option
@no_plugins_option
def lint_command(
    paths: tuple[str, ...],
    format_name: str,
    fix: bool,
    diff: bool,
    only_marked: bool,
    with_info: bool,
    overrides: tuple[str, ...],
    no_plugins: bool,
) -> None:
    """Check specs, each by itself and under each of its profiles.

    PATHS are files, patterns, folders (every YAML file in them with an "ftspec:" key) or - for
    standard input. Nothing is downloaded, and torch is not imported.
    """
    if (fix or diff) and "-" in paths:
        raise UsageError("--fix and --diff work on files, not on standard input")
    # pydantic would look for plugins of its own in every installed package
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    registry = load_registry(no_plugins=no_plugins)
    fixer = None
    if fix or diff:
        from ftspec.cli.fixing import Fixer  # takes 5 ms

        fixer = Fixer(registry, overrides)
    found: list[Diagnostic] = list(registry.problems)
    specs = find_specs(paths, only_marked=only_marked)
    if not specs and not only_marked:  # a misspelt folder must not look clean
        raise UsageError(f'no spec in {", ".join(paths)}: a spec has the key "ftspec"')
    for path in specs:
        if fixer is not None:
            of_spec = fixer.fix(Path(path), write=fix)
        else:
            of_spec = _lint_spec(path, registry, overrides)
        # what is not shown is not kept: a finding holds the text that it is in
        found += [one for one in of_spec if with_info or one.severity is not Severity.INFO]
    if fixer is not None:
        echo(fixer.diff, nl=False)
    if not diff:
        click.echo(_render(found, format_name), nl=False)
    if fixer is not None and fixer.count:
        click.echo(f"{'fixed' if fix else 'can fix'} {fixer.count}", err=True)
    click.echo(summary(found, len(specs)), err=True)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in found):
        raise Exit(FINDINGS)


def _lint_spec(path: str, registry: Registry, overrides: Sequence[str]) -> list[Diagnostic]:
    collector = Collector()
    source = read_spec(path, collector)
    if source is None:
        return list(collector)
    return [*collector, *lint(source, registry, overrides=overrides)]


def _render(found: Sequence[Diagnostic], format_name: str) -> str:
    if format_name == "text" and sys.stdout is not None and sys.stdout.isatty():
        return text.render(found, colour=True)
    return RENDERERS[format_name](found)
