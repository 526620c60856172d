"""``ftspec lint``: find mistakes before a GPU is used."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ftspec.cli.inputs.installed import load_registry
from ftspec.cli.inputs.spec_files import find_specs, read_spec
from ftspec.cli.syntax.completion import complete_files
from ftspec.cli.syntax.options import no_plugins_option, set_option
from ftspec.cli.terminal.exits import FINDINGS, Exit
from ftspec.cli.terminal.findings import summary
from ftspec.cli.terminal.output import echo, echo_rendered, echo_result
from ftspec.diagnostics.model import Collector, Diagnostic, Severity
from ftspec.diagnostics.render import RENDERERS, text
from ftspec.errors import UsageError
from ftspec.linting import lint
from ftspec.registry.registry import Registry

if TYPE_CHECKING:
    from ftspec.cli.inputs.fixer import Fixer


@click.command("lint")
@click.argument("paths", nargs=-1, required=True, shell_complete=complete_files)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(sorted(RENDERERS)),
    default="text",
    show_default=True,
    help="The output format of findings.",
)
@click.option("--fix", is_flag=True, help="Apply safe fixes in place.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, without changing it.")
@click.option(
    "--only-marked", is_flag=True, help='Skip files without an "ftspec:" key. Hooks need this.'
)
@click.option("--info", "with_info", is_flag=True, help="Also show findings of severity info.")
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
    """Check specs for mistakes, each alone and under each profile.

    PATHS are files, patterns, folders (every YAML file in them with an "ftspec:" key) or "-" for
    standard input. Nothing is downloaded, and torch is not imported.
    """
    if (fix or diff) and "-" in paths:
        raise UsageError("--fix and --diff work on files, not on standard input")
    # without this, pydantic searches every installed package for its own plugins
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    registry = load_registry(no_plugins=no_plugins)
    fixer = _fixer(registry, overrides) if fix or diff else None
    found: list[Diagnostic] = list(registry.problems)
    specs = find_specs(paths, only_marked=only_marked)
    if not specs and not only_marked:  # a misspelt folder must not pass
        raise UsageError(f'no spec in "{", ".join(paths)}"; a spec has the key "ftspec"')
    for path in specs:
        if fixer is not None:
            of_spec = fixer.fix(Path(path), write=fix)
        else:
            of_spec = _lint_spec(path, registry, overrides)
        # findings that are not shown are dropped at once: each keeps the text of its file alive
        found += [one for one in of_spec if with_info or one.severity is not Severity.INFO]
    if fixer is not None:
        echo(fixer.diff, nl=False)
    if not diff:
        _show(found, format_name)
    if fixer is not None and fixer.count:
        echo(f"{'fixed' if fix else 'can fix'} {fixer.count}", err=True)
    echo(summary(found, len(specs)), err=True)
    if any(one.severity is Severity.ERROR for one in found):
        raise Exit(FINDINGS)


def _fixer(registry: Registry, overrides: Sequence[str]) -> Fixer:
    from ftspec.cli.inputs.fixer import Fixer  # takes 5 ms

    return Fixer(registry, overrides)


def _lint_spec(path: str, registry: Registry, overrides: Sequence[str]) -> list[Diagnostic]:
    collector = Collector()
    source = read_spec(path, collector)
    if source is None:
        return list(collector)
    return [*collector, *lint(source, registry, overrides=overrides)]


def _show(found: Sequence[Diagnostic], format_name: str) -> None:
    if format_name == "text" and sys.stdout is not None and sys.stdout.isatty():
        echo_rendered(text.render(found, colour=True))
    elif format_name in ("text", "concise"):
        echo_result(RENDERERS[format_name](found), nl=False)
    else:
        echo_rendered(RENDERERS[format_name](found))
