"""``ftspec plan``: what a run would do, without doing it."""

from __future__ import annotations

import json
from typing import Any

import click

from ftspec.cli.inputs.installed import open_registry
from ftspec.cli.inputs.sound_plan import sound_plan
from ftspec.cli.launch.engine_imports import engine_imports, require_engine
from ftspec.cli.launch.hub import settle_connection
from ftspec.cli.launch.processes import require_one_process
from ftspec.cli.syntax.options import (
    format_option,
    no_plugins_option,
    profile_option,
    set_option,
    spec_argument,
)
from ftspec.cli.terminal.output import echo_json, echo_result
from ftspec.cli.terminal.run_errors import run_errors_shown
from ftspec.cli.terminal.watchers import make_watcher
from ftspec.document.load import Document
from ftspec.engine.hub.connection import Connection
from ftspec.planning.disk_space import space_of_plan
from ftspec.planning.plan import Plan


@click.command("plan")
@spec_argument
@profile_option
@set_option
@no_plugins_option
@format_option
@click.option(
    "--measure",
    is_flag=True,
    help="Prepare the data and train a few steps, to report speed, memory and advice.",
)
def plan_command(
    spec: str,
    profile: str | None,
    overrides: tuple[str, ...],
    no_plugins: bool,
    format_name: str,
    measure: bool,
) -> None:
    """Show what SPEC resolves to: every section, component and value."""
    if measure:
        require_one_process("ftspec plan --measure")
    registry = open_registry(no_plugins=no_plugins)
    _, document, plan = sound_plan(spec, registry, profile=profile, overrides=overrides)
    if measure:
        _measure(plan, document, format_name)
    elif format_name == "json":
        echo_json(plan.to_json())
    else:
        echo_result("\n".join(_lines(plan)))


def _measure(plan: Plan, document: Document, format_name: str) -> None:
    require_engine()
    watcher = make_watcher()
    connection = Connection(plan)
    with engine_imports():
        from ftspec.engine.run.accounting.measured_steps import try_steps

    settle_connection(connection, watcher)
    with run_errors_shown(plan, document, watcher):
        trial = try_steps(plan, watcher=watcher)
    watcher.close()
    if format_name == "json":
        echo_json(trial.to_json())
    else:
        echo_result("\n".join(trial.lines()))


def _lines(plan: Plan) -> list[str]:
    plugins = {
        resolved["kind"] + " " + resolved["type"]: resolved["plugin"]
        for resolved in plan.to_json()["components"]
    }
    lines = [f"plan {plan.digest()[:8]} of {plan.name}", ""]
    lines += _section(plan.to_spec(), 0)
    lines += ["", "components"]
    lines += [f"  {name}: {plugin}" for name, plugin in plugins.items()]
    space = space_of_plan(plan)
    return lines if space is None else [*lines, "", f"disk: {space}"]


def _section(value: Any, depth: int) -> list[str]:
    """A mapping as indented lines, without the values that are empty or not set."""
    lines = []
    for key, item in value.items():
        if item is None or item in ([], {}):
            continue
        indent = "  " * depth
        if isinstance(item, dict):
            lines += [f"{indent}{key}", *_section(item, depth + 1)]
        elif isinstance(item, list) and all(isinstance(entry, dict) for entry in item):
            lines.append(f"{indent}{key}")
            for entry in item:
                first, *others = _section(entry, 0)
                lines += [f"{indent}  - {first}", *(f"{indent}    {line}" for line in others)]
        else:
            lines.append(f"{indent}{key}: {json.dumps(item, ensure_ascii=False)}")
    return lines
