"""``ftspec plugins check``: whether a plugin keeps to what it must."""

from __future__ import annotations

from pathlib import Path
from unittest import SkipTest

import click

from ftspec.cli.exits import FINDINGS, Exit
from ftspec.diagnostics.render import text
from ftspec.diagnostics.suggest import did_you_mean
from ftspec.errors import UsageError
from ftspec.registry.discover import build_registry
from ftspec.registry.isolation import Isolation, describe_error
from ftspec.registry.registry import Plugin, Registry
from ftspec.testing import NonconformingError, Subject, checks_of


@click.command("check")
@click.argument("name")
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of its project, to check its README.md and tests/cases too.",
)
def check_command(name: str, project: Path | None) -> None:
    """Check the plugin NAME: what discovery says of it, then the conformance kit.

    The kit imports its module and its factories in processes of their own; "ftspec.testing" offers
    the same checks to its tests.
    """
    registry = build_registry()
    plugin = _find(name, registry)
    problems = registry.problems_of(plugin)
    click.echo(text.render(problems), nl=False)
    failed = len(problems)
    if plugin.problem is None:
        subject = Subject(plugin=plugin, registry=registry, project=project)
        for check in checks_of(subject):
            # a check looks at the plugin's classes, which may raise anything
            with Isolation(plugin, "was checked") as checked:
                check()
            if checked.error is None:
                click.echo(f"ok       {check}")
            elif isinstance(checked.error, SkipTest):
                click.echo(f"skipped  {check}: {checked.error}")
            else:
                failed += 1
                click.echo(f"failed   {check}: {_problem(checked.error, plugin)}")
    click.echo(f"{plugin}: {f'{failed} failed' if failed else 'keeps to all of it'}", err=True)
    if failed:
        raise Exit(FINDINGS)


def _problem(error: BaseException, plugin: Plugin) -> str:
    is_finding = isinstance(error, NonconformingError)
    return str(error) if is_finding else f"raised {describe_error(error, plugin)}"


def _find(name: str, registry: Registry) -> Plugin:
    found = [one for one in registry.plugins if name in (one.name, one.distribution)]
    if not found:
        names = [plugin.name for plugin in registry.plugins]
        helps = did_you_mean(name, names) or ('"ftspec plugins" lists what is',)
        raise UsageError(f'no plugin "{name}" is installed; {helps[0]}')
    if found[0].disabled_by:
        raise UsageError(f"the plugin {found[0]} is disabled by {found[0].disabled_by}")
    return found[0]
