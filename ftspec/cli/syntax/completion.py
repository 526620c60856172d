"""Shell completion of values: files, profiles and tasks. Offers nothing where it knows nothing.

Every command imports this module, so it imports what it needs only when it completes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete_files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Files, completed by the shell itself."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def complete_profiles(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """The profiles of the spec on the command line, including those of the files it extends."""
    from ftspec.diagnostics.model import Collector
    from ftspec.document.load import load_document, read_source

    # while an option has no value yet, click does not assign the arguments to their names
    words = [word for word in (*context.params.values(), *context.args) if isinstance(word, str)]
    spec = next((Path(word) for word in words if Path(word).is_file()), None)
    source = read_source(spec, Collector()) if spec is not None else None
    document = load_document(source, Collector()) if source is not None else None
    profiles = document.profiles if document is not None else ()
    return [name for name in profiles if name.startswith(incomplete)]


def complete_tasks(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The installed tasks."""
    from click.shell_completion import CompletionItem

    from ftspec.registry.discover import build_registry

    return [
        CompletionItem(one.component.name, help=one.component.summary)
        for one in build_registry()
        if one.component.kind == "task" and one.component.name.startswith(incomplete)
    ]
