"""``ftspec diff``: what differs between two specs or runs, and what the differences affect."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from ftspec.cli.inputs.installed import open_registry
from ftspec.cli.inputs.sound_plan import sound_plan
from ftspec.cli.syntax.completion import complete_files
from ftspec.cli.syntax.options import (
    format_option,
    no_plugins_option,
    profile_option,
    set_option,
)
from ftspec.cli.terminal.exits import FINDINGS, Exit
from ftspec.cli.terminal.output import echo_json, echo_result
from ftspec.document.paths import format_path
from ftspec.planning.difference import Difference, Effect, compare_plans
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from ftspec.rundir import RunDirectory

_TITLES: dict[Effect, str] = {
    "data": "changes the prepared data, and so the result",
    "result": "changes the result",
    "measurement": "changes what is measured",
    "speed": "changes only the speed",
    "record": "changes only what is written down",
}


@click.command("diff")
@click.argument("before", shell_complete=complete_files)
@click.argument("after", shell_complete=complete_files)
@profile_option
@set_option
@no_plugins_option
@format_option
def diff_command(
    before: str,
    after: str,
    profile: str | None,
    overrides: tuple[str, ...],
    no_plugins: bool,
    format_name: str,
) -> None:
    """Compare two specs or runs, with all defaults filled in.

    BEFORE and AFTER are specs or run directories. A profile and overrides apply to specs only: the
    spec of a run already includes them. Exits with 1 if there are differences, like diff.
    """
    registry = open_registry(no_plugins=no_plugins)
    plans = [_plan_of(path, registry, profile, overrides) for path in (before, after)]
    found = compare_plans(*plans)
    if format_name == "json":
        echo_json(differences_as_json(found))
    else:
        echo_result(differences_as_text(found), nl=False)
    if found:
        raise Exit(FINDINGS)


def _plan_of(
    path: str, registry: Registry, profile: str | None, overrides: tuple[str, ...]
) -> Plan:
    if Path(path).is_dir():
        path, profile, overrides = str(RunDirectory(Path(path)).resolved_spec), None, ()
    return sound_plan(path, registry, profile=profile, overrides=overrides)[2]


def differences_as_text(found: list[Difference]) -> str:
    """The differences under what they change."""
    order = list(_TITLES)
    blocks = []
    ranked = sorted(found, key=lambda one: order.index(one.effect))
    for effect, group in groupby(ranked, key=lambda one: one.effect):
        lines = [
            f"  {format_path(one.path)}: {_shown(one.before)} -> {_shown(one.after)}\n"
            for one in group
        ]
        blocks.append(f"{_TITLES[effect]}\n" + "".join(lines))
    return "\n".join(blocks)


def differences_as_json(found: list[Difference]) -> list[dict[str, Any]]:
    """The differences, for programs."""
    return [
        {
            "path": format_path(one.path),
            "before": one.before,
            "after": one.after,
            "effect": one.effect,
        }
        for one in found
    ]


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
