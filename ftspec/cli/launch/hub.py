"""The connection to the Hub, settled before a library that uses it is imported."""

from __future__ import annotations

from ftspec.cli.terminal.watchers import PlainWatcher
from ftspec.engine.hub.connection import prepare_connection
from ftspec.planning.plan import Plan


def settle_connection(plan: Plan, watcher: PlainWatcher) -> None:
    """Use offline mode if the plan does not need the Hub or the Hub cannot be reached.

    The watcher notes the second case.
    """
    offline = prepare_connection(plan)
    if offline is not None:
        watcher.note(offline)
