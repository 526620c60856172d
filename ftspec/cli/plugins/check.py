"""``ftspec plugins check``: whether a plugin does what every plugin must do."""

from __future__ import annotations

from pathlib import Path
from unittest import SkipTest

import click

from ftspec.cli.terminal.exits import FINDINGS, Exit
from ftspec.cli.terminal.output import echo, echo_result
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
    help="The folder of the plugin's project, to also check its README.md and tests/cases.",
)
def check_command(name: str, project: Path | None) -> None:
    """Check the plugin NAME.

    Shows the problems found when the plugin is loaded, then runs the conformance kit. The kit
    imports the plugin's module and factories in separate processes. "ftspec.testing" offers the
    same checks to the plugin's own tests.
    """
    registry = build_registry()
    plugin = _find(name, registry)
    problems = registry.problems_of(plugin)
    echo_result(text.render(problems), nl=False)
    failed = len(problems)
    if plugin.problem is None:
        failed += _failed_checks(Subject(plugin=plugin, registry=registry, project=project))
    echo(f"{plugin}: {f'{failed} failed' if failed else 'all checks passed'}", err=True)
    if failed:
        raise Exit(FINDINGS)


def _failed_checks(subject: Subject) -> int:
    """Run the checks and print a line for each; returns how many failed."""
    failed = 0
    for check in checks_of(subject):
        # a check uses the plugin's classes, which may raise anything
        with Isolation(subject.plugin, "was checked") as checked:
            check()
        if checked.error is None:
            echo_result(f"ok       {check}")
        elif isinstance(checked.error, SkipTest):
            echo_result(f"skipped  {check}: {checked.error}")
        else:
            failed += 1
            echo_result(f"failed   {check}: {_problem(checked.error, subject.plugin)}")
    return failed


def _problem(error: BaseException, plugin: Plugin) -> str:
    is_finding = isinstance(error, NonconformingError)
    return str(error) if is_finding else f"raised {describe_error(error, plugin)}"


def _find(name: str, registry: Registry) -> Plugin:
    found = [one for one in registry.plugins if name in (one.name, one.distribution)]
    if not found:
        names = [plugin.name for plugin in registry.plugins]
        helps = did_you_mean(name, names) or ("list them with: ftspec plugins",)
        raise UsageError(f'no plugin "{name}" is installed; {helps[0]}')
    if found[0].disabled_by:
        raise UsageError(f"the plugin {found[0]} is disabled by {found[0].disabled_by}")
    return found[0]
