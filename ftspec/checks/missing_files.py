"""A file that the spec names does not exist or is a pipe or a device, or a pattern matches no file.

Why: the run would fail only after importing all libraries, and on a cluster only after waiting in
the queue.

Bad:

    data: {source: {type: json, files: no/such/file.jsonl}}

Good:

    data: {source: {type: hub, path: fancyzhx/ag_news}}
"""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.diagnostics.suggest import did_you_mean
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.files import MOST_LISTED, FileSearch, TooManyFilesError
from ftspec.planning.local_paths import local_paths, local_paths_in
from ftspec.planning.plan import Plan
from ftspec.planning.settings_files import settings_files

SLUGS = ("missing-file",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Look up every path that must exist, as the configs of components mark them."""
    search = FileSearch()
    paths = [found for planned in plan.components for found in local_paths(planned)]
    paths += [*local_paths_in(plan.model, ("model",)), *settings_files(plan)]
    for at, path in paths:
        what = _oddity(path)
        if what is not None:
            yield Diagnostic(
                slug="missing-file",
                headline=f'"{plan.mask(path)}" is {what}',
                labels=labelled(spans.span(at)),
                helps=("write the path of a file, or of a folder where one is needed",),
            )
        elif not _exists(path, search):
            yield _missing(path, at, plan, spans)


def _exists(path: str, search: FileSearch) -> bool:
    try:
        return Path(path).exists() or any(search.find(path))
    except TooManyFilesError:  # the run finds out
        return True
    except (OSError, ValueError):  # the path is too long, or has a character that no path can have
        return False


def _oddity(path: str) -> str | None:
    """What a path is, if it is neither a file nor a folder: reading it may never end."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - the path may be any text
    except OSError as error:
        return "a symbolic link to itself" if error.errno == errno.ELOOP else None
    except ValueError:
        return None
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    return "a pipe" if stat.S_ISFIFO(mode) else "a device"


def _missing(path: str, at: SpecPath, plan: Plan, spans: Document) -> Diagnostic:
    what = "no file matches" if glob.has_magic(path) else "there is no file"
    try:
        siblings = [entry.name for entry in islice(Path(path).parent.iterdir(), MOST_LISTED)]
    except (OSError, ValueError):
        siblings = []
    return Diagnostic(
        slug="missing-file",
        headline=f'{what} "{plan.mask(path)}"',
        labels=labelled(spans.span(at)),
        helps=did_you_mean(Path(path).name, siblings)
        or ("a relative path starts from the folder of the file it is written in",),
    )
