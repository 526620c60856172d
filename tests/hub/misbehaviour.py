"""Faults of a Hub, by their names: each one says what goes over the wire instead of an answer."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler

from tests.hub.answers import Answer

STALLED_SECONDS = 20.0
"""Longer than any test waits."""


class Wire:
    """One connection, and the right answer to the request that came over it."""

    def __init__(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        self._handler = handler
        self.status = answer.status
        self.headers = dict(answer.headers)
        if answer.file is None:
            self.body = b"" if answer.document is None else json.dumps(answer.document).encode()
            self.headers["Content-Type"] = "application/json"
        else:
            self.body = answer.file.read_bytes()

    def send(
        self,
        body: bytes | None = None,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        length: int | None = -1,
    ) -> None:
        """Send a status, headers and a body; ``length`` is what is announced of it, if anything."""
        body = self.body if body is None else body
        self._handler.send_response(self.status if status is None else status)
        for name, value in (self.headers if headers is None else headers).items():
            self._handler.send_header(name, value)
        if length is not None:
            self._handler.send_header("Content-Length", str(len(body) if length < 0 else length))
        self._handler.end_headers()
        if self._handler.command != "HEAD":
            self.write(body)

    def write(self, content: bytes) -> None:
        self._handler.wfile.write(content)
        self._handler.wfile.flush()

    def reset(self) -> None:
        """End the connection with RST, as a machine does that knows nothing of it."""
        linger = struct.pack("ii", 1, 0)
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._handler.connection.close()

    def stall(self) -> None:
        """Keep the connection open, and send nothing until the client has gone."""
        self._handler.connection.settimeout(STALLED_SECONDS)
        with suppress(OSError):
            self._handler.connection.recv(1)


Misbehave = Callable[[Wire], None]


def _half(wire: Wire) -> None:
    """The headers for the whole body, and half of it."""
    wire.send(wire.body[: len(wire.body) // 2], length=len(wire.body))


def _reset_in_body(wire: Wire) -> None:
    _half(wire)
    time.sleep(0.05)  # what was sent arrives before the reset
    wire.reset()


def _stall_in_body(wire: Wire) -> None:
    _half(wire)
    wire.stall()


def _cut_chunks(wire: Wire) -> None:
    """A body in chunks, without the last one."""
    half = wire.body[: len(wire.body) // 2]
    headers = {**wire.headers, "Transfer-Encoding": "chunked"}
    wire.send(b"%x\r\n%b\r\n" % (len(half), half), headers=headers, length=None)


def _slow_body(wire: Wire) -> None:
    size = max(1, len(wire.body) // 6)
    wire.send(b"", length=len(wire.body))
    for start in range(0, len(wire.body), size):
        time.sleep(0.1)
        wire.write(wire.body[start : start + size])


def _wrong_etag(wire: Wire) -> None:
    wrong = {"ETag": '"' + "0" * 40 + '"'}
    if "X-Linked-ETag" in wire.headers:
        wrong = {"ETag": '"' + "0" * 64 + '"', "X-Linked-ETag": '"' + "0" * 64 + '"'}
    wire.send(headers={**wire.headers, **wrong})


def _busy(wire: Wire, status: int, headers: Mapping[str, str] | None = None) -> None:
    wire.send(b'{"error": "busy"}', status=status, headers=headers or {})


def _date_soon(wire: Wire) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    _busy(wire, 503, {"Retry-After": soon})


def _refuse(wire: Wire, status: int, code: str, message: str) -> None:
    headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    wire.send(json.dumps({"error": message}).encode(), status=status, headers=headers)


def _redirect(wire: Wire, target: str) -> None:
    target = target or wire._handler.path
    wire.send(b"", status=302, headers={"Location": target, **wire.headers})


def _web_page(wire: Wire) -> None:
    page = b"<html><body>Welcome to our network. Please log in.</body></html>"
    wire.send(page, status=200, headers={"Content-Type": "text/html"})


MISBEHAVIOUR: dict[str, Misbehave] = {
    "reset-before-headers": Wire.reset,
    "reset-in-body": _reset_in_body,
    "close-before-headers": lambda wire: None,
    "cut-body": _half,
    "cut-chunks": _cut_chunks,
    "cut-body-of-unknown-length": lambda wire: wire.send(
        wire.body[: len(wire.body) // 2], length=None
    ),
    "stall-before-headers": Wire.stall,
    "stall-in-body": _stall_in_body,
    "slow-body": _slow_body,
    "wrong-bytes": lambda wire: wire.send(bytes(255 - byte for byte in wire.body)),
    "wrong-etag": _wrong_etag,
    "empty-body": lambda wire: wire.send(b""),
    "invalid-json": lambda wire: wire.send(wire.body[:-1] + b","),
    "web-page": _web_page,
    "no-http": lambda wire: wire.write(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "redirect-loop": partial(_redirect, target=""),
    "redirect-to-dead-host": partial(_redirect, target="http://127.0.0.1:1/file"),
    "429": partial(_busy, status=429),
    "429-retry-after": partial(_busy, status=429, headers={"Retry-After": "1"}),
    "429-retry-after-an-hour": partial(_busy, status=429, headers={"Retry-After": "3600"}),
    "429-window": partial(_busy, status=429, headers={"RateLimit": '"api";r=0;t=0'}),
    "503-retry-after-date": _date_soon,
    "500": partial(_busy, status=500),
    "502": partial(_busy, status=502),
    "503": partial(_busy, status=503),
    "504": partial(_busy, status=504),
    "401-wrong-token": partial(
        _refuse, status=401, code="", message="Invalid credentials in Authorization header"
    ),
    "401-private": partial(
        _refuse, status=401, code="RepoNotFound", message="Repository not found"
    ),
    "403-gated": partial(_refuse, status=403, code="GatedRepo", message="Access is restricted"),
    "403-forbidden": partial(_refuse, status=403, code="", message="Forbidden"),
    "404-revision": partial(
        _refuse, status=404, code="RevisionNotFound", message="Invalid rev id: main"
    ),
    "404-repository": partial(
        _refuse, status=404, code="RepoNotFound", message="Repository not found"
    ),
    "404-file": partial(_refuse, status=404, code="EntryNotFound", message="Entry not found"),
}
"""Each one takes the wire; afterwards the connection is closed."""
