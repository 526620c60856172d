"""The HTTP framing of the loopback Hub: connections, ranges, and the faults tests ask for."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tests.hub.answers import Answer, refusal
from tests.hub.misbehaviour import MISBEHAVIOUR, Wire
from tests.hub.received import Received

if TYPE_CHECKING:
    from tests.hub.faults import Fault
    from tests.hub.server import HubServer, LoopbackServer

CHUNK_BYTES = 1 << 20
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class HubRequestHandler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    # The clients keep their connections open, which needs 1.1 and a Content-Length each time.
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes: with Nagle's algorithm a small answer may cost 40 ms.
    disable_nagle_algorithm = True

    @property
    def hub(self) -> HubServer:
        return cast("LoopbackServer", self.server).hub

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing on stderr: `HubServer.received` is the log."""

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_CONNECT(self) -> None:
        # Sent by a client on its way to another host, see tests/hub/fixtures.py.
        self._serve()

    def _serve(self) -> None:
        # Read the body even where it isn't needed, or it would be taken for the next request.
        request = Received(self.command, self.path, self._read_headers(), self._read_body())
        self.hub.received.append(request)
        fault = self.hub.faults.take(self.command, self.path)
        if fault is not None and fault.kind == "delay":
            time.sleep(fault.seconds)
        if fault is not None and fault.kind == "fail":
            answer = refusal(fault.status, fault.error_code, fault.message)
        elif not self.path.startswith("/"):
            answer = refusal(403, "", f"the test hub doesn't lead anywhere else: {self.path}")
        else:
            answer = self.hub.api.answer(request)
        if fault is not None and fault.kind == "named":
            self.close_connection = True  # whatever is sent, it is the last
            MISBEHAVIOUR[fault.name](Wire(self, answer))
        elif answer.file is None:
            self._send_document(answer)
        else:
            self._send_file(answer, answer.file, fault)

    def _read_headers(self) -> dict[str, str]:
        names = {name.lower() for name in self.headers}
        return {name: ", ".join(self.headers.get_all(name, [])) for name in sorted(names)}

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(_chunks(self.rfile))
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send_document(self, answer: Answer) -> None:
        content = b"" if answer.document is None else json.dumps(answer.document).encode()
        self._send_headers(answer.status, answer.headers, len(content), "application/json")
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_file(self, answer: Answer, file: Path, fault: Fault | None) -> None:
        size = file.stat().st_size
        first, last = self._wanted_range(size)
        if first >= size > 0 or first > last + 1:
            self._send_headers(416, {"Content-Range": f"bytes */{size}"}, 0)
            return
        length, status, headers = last - first + 1, 200, dict(answer.headers)
        if length < size:
            status = 206
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        self._send_headers(status, headers, length)
        if self.command == "HEAD":
            return
        if fault is not None and fault.kind == "cut" and fault.after_bytes < length:
            # Closing the connection early is how a client sees a broken line.
            length, self.close_connection = fault.after_bytes, True
        with file.open("rb") as source:
            source.seek(first)
            while length > 0 and (chunk := source.read(min(length, CHUNK_BYTES))):
                self.wfile.write(chunk)
                length -= len(chunk)

    def _wanted_range(self, size: int) -> tuple[int, int]:
        """First and last byte asked for; the whole file without a usable Range header."""
        match = RANGE.fullmatch(self.headers.get("Range", ""))
        if match is None or match.group(1) == match.group(2) == "":
            return 0, size - 1
        if match.group(1) == "":
            return max(0, size - int(match.group(2))), size - 1
        last = int(match.group(2)) if match.group(2) else size - 1
        return int(match.group(1)), min(last, size - 1)

    def _send_headers(
        self,
        status: int,
        headers: dict[str, str],
        length: int,
        content_type: str = "application/octet-stream",
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    """The chunks of a body whose length the client didn't know beforehand."""
    while size := int(stream.readline().partition(b";")[0], 16):
        yield stream.read(size)
        stream.readline()
    while stream.readline().strip():
        pass  # headers may follow the last chunk, up to an empty line
