"""A file that "deepspeed" or "fsdp_config" names is not JSON, or has no object.

Why: the run would read it after all rows are prepared and the model is loaded.

Bad:

    training: {fsdp: true, fsdp_config: broken.json}

Good:

    training: {fsdp: true, fsdp_config: fsdp.json}
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.planning.plan import Plan
from ftspec.planning.settings_files import (
    UnreadableSettingsError,
    read_settings,
    settings_files,
)

SLUGS = ("unreadable-settings",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Read every file that exists. Another check reports the others."""
    for at, path in settings_files(plan):
        problem = _problem(Path(path))
        if problem is not None:
            yield Diagnostic(
                slug="unreadable-settings",
                headline=f'"{plan.mask(path)}" {problem}',
                labels=labelled(spans.span(at)),
                helps=(f'write a JSON object into the file, or the mapping here as "{at[-1]}"',),
            )


def _problem(path: Path) -> str | None:
    """What is wrong with a file, as the end of a sentence."""
    try:
        read_settings(path)
    except FileNotFoundError:
        return None
    except UnreadableSettingsError as error:
        return str(error)
    return None
