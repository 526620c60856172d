"""``ftspec plan``: what a run would do, without doing it."""

from __future__ import annotations

import json
from typing import Any

import click

from ftspec.cli.exits import FINDINGS, Exit
from ftspec.cli.heavy import engine_imports, require_engine
from ftspec.cli.installed import no_plugins_option, open_registry
from ftspec.cli.output import echo
from ftspec.cli.several import require_one_process
from ftspec.cli.specs import diagnose, profile_option, set_option, sound_plan, spec_argument
from ftspec.cli.watching import make_watcher
from ftspec.diagnostics.render import text
from ftspec.document.load import Document
from ftspec.engine.hub.connection import prepare_connection
from ftspec.errors import RunError
from ftspec.planning.plan import Plan


@click.command("plan")
@spec_argument
@profile_option
@set_option
@no_plugins_option
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["json", "text"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)
@click.option(
    "--measure",
    is_flag=True,
    help="Prepare the data and make a few real steps: speed, memory, and what to change.",
)
def plan_command(
    spec: str,
    profile: str | None,
    overrides: tuple[str, ...],
    no_plugins: bool,
    format_name: str,
    measure: bool,
) -> None:
    """Show what SPEC resolves to: every section, its component and its values."""
    if measure:
        require_one_process("ftspec plan --measure")
    registry = open_registry(no_plugins=no_plugins)
    _, document, plan = sound_plan(spec, registry, profile=profile, overrides=overrides)
    if measure:
        _measure(plan, document, format_name)
    elif format_name == "json":
        click.echo(json.dumps(plan.to_json(), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(plan)))


def _measure(plan: Plan, document: Document, format_name: str) -> None:
    require_engine()
    watcher = make_watcher()
    offline = prepare_connection(plan)
    if offline is not None:
        watcher.note(offline)
    with engine_imports():
        from ftspec.engine.run.accounting.measured_steps import try_steps

    try:
        trial = try_steps(plan, watcher=watcher)
    except RunError as error:
        watcher.close()
        echo(text.render([diagnose(error, document, plan)]), err=True, nl=False)
        raise Exit(FINDINGS) from None
    watcher.close()
    if format_name == "json":
        click.echo(json.dumps(trial.to_json(), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(trial.lines()))


def _lines(plan: Plan) -> list[str]:
    plugins = {
        resolved["kind"] + " " + resolved["type"]: resolved["plugin"]
        for resolved in plan.to_json()["components"]
    }
    lines = [f"plan {plan.digest()[:8]} of {plan.name}", ""]
    lines += _section(plan.to_spec(), 0)
    lines += ["", "components"]
    lines += [f"  {name}: {plugin}" for name, plugin in plugins.items()]
    return lines


def _section(value: Any, depth: int) -> list[str]:
    """A mapping as indented lines; what is empty or unset is left out."""
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
