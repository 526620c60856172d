"""``ftspec cache``: the rows that earlier runs prepared."""

from __future__ import annotations

import click

from ftspec.cli.syntax.lazy_group import LazyGroup

COMMANDS = {
    "ls": "ftspec.cli.cache.ls:ls_command",
    "rm": "ftspec.cli.cache.rm:rm_command",
    "why": "ftspec.cli.cache.why:why_command",
}


@click.group("cache", cls=LazyGroup, places=COMMANDS)
def cache_command() -> None:
    """List, explain and remove prepared rows.

    They are in $FTSPEC_CACHE, or in the folder "ftspec" inside the cache of datasets
    ($HF_DATASETS_CACHE, or $HF_HOME/datasets).
    """
