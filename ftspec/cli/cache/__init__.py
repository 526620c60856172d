"""``ftspec cache``: the rows that earlier runs prepared."""

from __future__ import annotations

import click

from ftspec.cli.lazy import LazyGroup

COMMANDS = {
    "ls": "ftspec.cli.cache.list:list_command",
    "rm": "ftspec.cli.cache.remove:remove_command",
    "why": "ftspec.cli.cache.why:why_command",
}


@click.group("cache", cls=LazyGroup, places=COMMANDS)
def cache_command() -> None:
    """List, explain and remove prepared rows.

    They are in $FTSPEC_CACHE, or in the folder "ftspec" among the caches of datasets
    ($HF_DATASETS_CACHE, or $HF_HOME/datasets).
    """
