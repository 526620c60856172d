"""``ftspec init``: a spec to start from."""

from __future__ import annotations

from pathlib import Path

import click

from ftspec.cli.inputs.installed import open_registry
from ftspec.cli.syntax.completion import complete_tasks
from ftspec.cli.syntax.options import no_plugins_option
from ftspec.cli.terminal.output import echo, echo_result
from ftspec.components import TASK, TaskComponent
from ftspec.errors import FtspecError, UsageError
from ftspec.planning.missing_type import missing_type_helps
from ftspec.planning.schema import schema_text
from ftspec.planning.starter import starter
from ftspec.registry.isolation import Isolation, describe_error
from ftspec.registry.registry import Registered, Registry

SCHEMA_NAME = "ftspec.schema.json"


@click.command("init")
@click.argument("task", shell_complete=complete_tasks)
@click.option(
    "--output",
    metavar="FILE",
    help='The file to write, TASK.yaml by default. "-" is standard output. An existing file is not '
    "overwritten.",
)
@click.option(
    "--schema",
    metavar="PATH|URL",
    help="The schema that editors check the spec with. The default is ftspec.schema.json next to "
    "the spec, which is written if it does not exist.",
)
@no_plugins_option
def init_command(task: str, output: str | None, schema: str | None, no_plugins: bool) -> None:
    """Write a commented spec for TASK to start from.

    "ftspec plugins" lists the tasks.
    """
    registry = open_registry(no_plugins=no_plugins)
    written = _starter(task, registry, schema or SCHEMA_NAME)
    if output == "-":
        echo_result(written, nl=False)
        return
    path = Path(output or f"{task}.yaml")
    _write_new(path, written)
    echo(f"wrote {path}; next: ftspec lint {path}", err=True)
    schema_file = path.with_name(SCHEMA_NAME)
    if schema is None and not schema_file.exists():
        _write_new(schema_file, schema_text(registry))
        echo(f"wrote {schema_file}, for editors", err=True)


def _starter(task: str, registry: Registry, schema: str) -> str:
    """The text of the spec."""
    registered = _task(task, registry)
    written = ""
    with Isolation(registered.plugin, "described a task") as described:
        written = starter(registered, schema)
    if described.error is not None:
        if registered.plugin.is_builtin:
            raise described.error
        reason = describe_error(described.error, registered.plugin)
        raise FtspecError(f"the plugin {registered.plugin} cannot describe its keys: {reason}")
    return written


def _task(name: str, registry: Registry) -> Registered[TaskComponent]:
    registered = registry.get(TASK, name)
    if registered is None:
        helps = "; ".join(missing_type_helps("task", name, registry))
        raise UsageError(f'no task "{name}" is installed; {helps}')
    return registered


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f'"{path}" already exists; choose another with --output') from None
    except OSError as error:
        raise UsageError(f'cannot write "{path}": {error.strerror}') from None
