"""What a shell completes beside commands and options: nothing where nothing is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ftspec.diagnostics.model import Collector
from ftspec.document.load import load_document, read_source
from ftspec.registry.discover import build_registry

if TYPE_CHECKING:  # each command imports this module, and completes nothing when it runs
    from click.shell_completion import CompletionItem


def complete_files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Files, by the shell itself."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def complete_profiles(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """The profiles of the spec on the command line, those of the files it extends too."""
    # an option that has no value yet keeps click from naming the arguments
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

    return [
        CompletionItem(one.component.name, help=one.component.summary)
        for one in build_registry()
        if one.component.kind == "task" and one.component.name.startswith(incomplete)
    ]
