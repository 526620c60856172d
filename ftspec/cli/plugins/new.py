"""``ftspec plugins new``: a plugin to start from."""

from __future__ import annotations

from pathlib import Path

import click

from ftspec.cli.terminal.output import echo
from ftspec.errors import UsageError
from ftspec.scaffolding.project import KINDS, distribution_of, is_plugin_name, new_project


@click.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="task",
    show_default=True,
    help="The kind of component that the plugin adds.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The new folder, ftspec-NAME by default. An existing folder is not overwritten.",
)
def new_command(name: str, kind: str, output: Path | None) -> None:
    """Create a working plugin with tests, to start from.

    NAME is the name of the plugin and of its component, such as "named-entities".
    """
    if not is_plugin_name(name):
        raise UsageError(f'"{name}" is not a valid name; write it like "named-entities"')
    folder = output or Path(distribution_of(name))
    try:
        folder.mkdir(parents=True)
        for path, text in new_project(name, kind).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except FileExistsError:
        raise UsageError(f'"{folder}" already exists; choose another with --output') from None
    except OSError as error:
        raise UsageError(f'cannot write "{folder}": {error.strerror}') from None
    echo(f"wrote {folder}; next:", err=True)
    echo(f"  cd {folder} && pip install -e '.[train,dev]' && pytest", err=True)
