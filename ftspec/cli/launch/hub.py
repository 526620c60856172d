"""The connection to the Hub, asked for while the libraries that use it are imported."""

from __future__ import annotations

from ftspec.cli.terminal.watchers import PlainWatcher
from ftspec.engine.hub.connection import Connection


def settle_connection(connection: Connection, watcher: PlainWatcher) -> None:
    """Use offline mode if the Hub does not answer; the watcher notes it."""
    offline = connection.settle()
    if offline is not None:
        watcher.note(offline)
