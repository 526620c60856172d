"""``ftspec schema``: the language as JSON Schema."""

from __future__ import annotations

from pathlib import Path

import click

from ftspec.cli.inputs.installed import open_registry
from ftspec.cli.terminal.output import echo, echo_rendered
from ftspec.errors import UsageError
from ftspec.escaping import visible_json
from ftspec.planning.schema import schema_text


@click.command("schema")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file instead of standard output. A file that is up to date is not touched.",
)
@click.option(
    "--builtins-only",
    "--no-plugins",
    is_flag=True,
    help="Leave out the sections of third-party plugins.",
)
def schema_command(output: Path | None, builtins_only: bool) -> None:
    """Write the JSON Schema of specs, for editors.

    It includes the sections of every installed plugin. Editors complete and check specs with it.
    "ftspec lint" finds more: a schema sees one file, without the files that it extends.
    """
    registry = open_registry(no_plugins=builtins_only)
    written = schema_text(registry)
    if output is None:
        echo_rendered(visible_json(written))
    elif _write_if_changed(written, output):
        echo(f"wrote {output}", err=True)


def _write_if_changed(schema: str, path: Path) -> bool:
    """Write the schema to a file; returns whether the file changed.

    Raises:
        UsageError: the file cannot be written.
    """
    content = schema.encode()
    try:
        if path.exists() and path.read_bytes() == content:
            return False
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f'cannot write "{path}": {error.strerror}') from None
    return True
