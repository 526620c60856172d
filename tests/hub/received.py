"""A request as the loopback Hub received it, and a search through everything in it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

# The keys of a preupload and of a commit whose values are file content in base64.
BASE64_KEYS = {"content", "sample"}


@dataclass(frozen=True)
class Received:
    """One request; names of headers are in lower case, the body is free of chunked framing."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def authorization(self) -> str:
        """The Authorization header, the one place where a token belongs; empty without one."""
        return self.headers.get("authorization", "")

    @property
    def token(self) -> str | None:
        scheme, _, token = self.authorization.partition(" ")
        return token if scheme == "Bearer" and token else None

    @property
    def endpoint(self) -> str:
        """The Hub's address as the client wrote it."""
        return f"http://{self.headers.get('host', '')}"

    @property
    def document(self) -> Any:
        """The body as JSON; raises ValueError where it is something else."""
        return json.loads(self.body)

    def contents(self) -> list[bytes]:
        """The file content in the body: decoded from a preupload or a commit, or a raw upload."""
        if self.method == "PUT":
            return [self.body]
        return [
            content
            for document in self._documents()
            for key, text in _texts(document)
            if key in BASE64_KEYS and (content := _decoded(text)) is not None
        ]

    def holds(self, text: str | bytes) -> bool:
        """Whether the text is anywhere in the request except in the Authorization header."""
        wanted = text.encode() if isinstance(text, str) else text
        return any(wanted in piece for piece in self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        """Every byte sent, as it came and as it reads once URL, JSON and base64 are decoded."""
        yield self.path.encode()
        yield unquote_to_bytes(self.path)
        for name, value in self.headers.items():
            if name != "authorization":
                yield f"{name}: {value}".encode()
        yield self.body
        for document in self._documents():
            for key, text in _texts(document):
                yield key.encode()
                yield text.encode()
        yield from self.contents()

    def _documents(self) -> list[Any]:
        """The JSON documents of the body: one, or one a line; none where it isn't JSON."""
        if not self.body.startswith((b"{", b"[")):
            return []
        try:
            return [json.loads(self.body)]
        except ValueError:
            pass
        try:
            return [json.loads(line) for line in self.body.splitlines()]
        except ValueError:
            return []


def _texts(document: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a JSON document as text, with the key it stands under."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from _texts(value, name)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value, key)
    else:
        yield key, str(document)


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # the content of validate-yaml is plain text
        return None
