"""Another process that ended in the middle of an exchange, known from what the libraries that
exchange tensors make of it. Imports without torch."""

from __future__ import annotations

from ftspec.errors import causes_of

LOST_PROCESS = "another process of the run ended, or the connection to it broke"

_WORDS = ("gloo/transport/", "ncclRemoteError")


def is_lost_process(error: BaseException) -> bool:
    """Whether an error says that another process is gone. Such errors name no process, and gloo
    tells the reader to look into logs of its own."""
    return any(word in str(cause) for cause in causes_of(error) for word in _WORDS)
