"""A Hugging Face Hub on the loopback interface, for the real clients to talk to.

It serves a folder tree, `<root>/{models,datasets,spaces}/<org>/<name>/<url-quoted revision>/files`,
read again at every request: a file changed while the server runs gives a new commit id. It takes
commits too, and writes them to that tree.
"""

from __future__ import annotations

import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.hub.api import HubApi
from tests.hub.commits import Commit
from tests.hub.faults import Fault, FaultPlan
from tests.hub.handler import HubRequestHandler
from tests.hub.received import Received
from tests.hub.repository import Repository

READS = ("GET", "HEAD")
ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "CONNECT")


class LoopbackServer(ThreadingHTTPServer):
    """The socket server behind `HubServer`; its handlers reach the Hub's state through `hub`."""

    daemon_threads = True

    def __init__(self, hub: HubServer) -> None:
        self.hub = hub
        super().__init__(("127.0.0.1", 0), HubRequestHandler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that has gone: tests kill clients."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class HubServer:
    """The server as tests use it: `with HubServer(root) as hub: … hub.endpoint …`.

    `received` holds every request so far, with its headers and its body.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.api = HubApi(root)
        self.received: list[Received] = []
        self.faults = FaultPlan()
        self._server: LoopbackServer | None = None

    def __enter__(self) -> HubServer:
        self._server = LoopbackServer(self)
        threading.Thread(
            # The short poll is how long closing the server may take.
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="hub-server",
            daemon=True,
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def endpoint(self) -> str:
        """The value for HF_ENDPOINT."""
        if self._server is None:
            raise RuntimeError("the hub server isn't running: use it in a with statement")
        return f"http://127.0.0.1:{self._server.server_port}"

    def repository(self, kind: str, name: str) -> Repository:
        """A repository of this Hub; kind is `models`, `datasets` or `spaces`."""
        return Repository(self.root, kind, name)

    @property
    def requests(self) -> list[tuple[str, str]]:
        """(method, path) of every request so far."""
        return [(request.method, request.path) for request in self.received]

    @property
    def ranges(self) -> list[tuple[str, str]]:
        """(path, Range header) of the requests for a part of a file."""
        return [
            (request.path, request.headers["range"])
            for request in self.received
            if "range" in request.headers
        ]

    @property
    def commits(self) -> list[Commit]:
        """The commits taken so far."""
        return self.api.writes.commits

    def holding(self, text: str | bytes) -> list[Received]:
        """The requests that hold the text anywhere except in the Authorization header."""
        return [request for request in self.received if request.holds(text)]

    def require_token(self, *tokens: str) -> None:
        """Take writes with one of these tokens only; with any token where none is given."""
        self.api.access.require_token(*tokens)

    def requested(self, path_contains: str) -> list[tuple[str, str]]:
        """The requests seen so far whose path holds that text."""
        return [request for request in self.requests if path_contains in request[1]]

    def fail_next(
        self,
        status: int,
        times: int = 1,
        path_contains: str = "",
        error_code: str = "",
        methods: tuple[str, ...] = ALL_METHODS,
        message: str = "fault injected by a test",
    ) -> None:
        """Answer the next matching requests with this status and message, and this X-Error-Code if
        given."""
        fault = Fault("fail", times, path_contains, methods, status, error_code, message=message)
        self.faults.add(fault)

    def cut_next(self, after_bytes: int, times: int = 1, path_contains: str = "") -> None:
        """Drop the connection of the next matching downloads after that many bytes of the body."""
        self.faults.add(Fault("cut", times, path_contains, ("GET",), after_bytes=after_bytes))

    def delay_next(
        self,
        seconds: float,
        times: int = 1,
        path_contains: str = "",
        methods: tuple[str, ...] = READS,
    ) -> None:
        """Hold the next matching requests back for that long, then answer them."""
        self.faults.add(Fault("delay", times, path_contains, methods, seconds=seconds))

    def misbehave_next(
        self,
        name: str,
        times: int = 1,
        path_contains: str = "",
        methods: tuple[str, ...] = READS,
    ) -> None:
        """Answer the next matching requests as the misbehaviour of that name does."""
        self.faults.add(Fault("named", times, path_contains, methods, name=name))

    def reset(self) -> None:
        """Forget what was received, the faults still to come, and that a token is needed.

        The repositories stay as they are, with what was committed to them.
        """
        self.faults.clear()
        self.received.clear()
        self.commits.clear()
        self.api.writes.storage.clear()
        self.api.access.clear()
