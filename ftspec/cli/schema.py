"""``ftspec schema``: the language for editors."""

from __future__ import annotations

from pathlib import Path

import click

from ftspec.cli.installed import open_registry
from ftspec.errors import UsageError
from ftspec.planning.schema import schema_text


@click.command("schema")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file instead of standard output; it is touched only if it changes.",
)
@click.option(
    "--builtins-only",
    "--no-plugins",
    is_flag=True,
    help="Leave out the sections of third-party plugins.",
)
def schema_command(output: Path | None, builtins_only: bool) -> None:
    """Write the JSON Schema of specs, with the sections of every installed plugin.

    Editors complete and check specs with it. "ftspec lint" says more: a schema knows one file, and
    nothing of what is merged into it.
    """
    registry = open_registry(no_plugins=builtins_only)
    written = schema_text(registry)
    if output is None:
        click.echo(written, nl=False)
    elif write_schema(written, output):
        click.echo(f"wrote {output}", err=True)


def write_schema(written: str, path: Path) -> bool:
    """Put the schema in a file; whether that changed it.

    Raises:
        UsageError: the file cannot be written.
    """
    content = written.encode()
    try:
        if path.exists() and path.read_bytes() == content:
            return False
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f'cannot write "{path}": {error.strerror}') from None
    return True
