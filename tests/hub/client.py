"""Asks the loopback Hub: with the real clients in a process of their own, or with plain HTTP."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

from tests.hub.server import HubServer


def run(program: str, environment: dict[str, str]) -> Any:
    """What the program prints as JSON on its last line.

    It has to be a process of its own, because the clients read HF_ENDPOINT when imported.
    """
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def send(hub: HubServer, method: str, path: str, body: Any = None, **headers: str) -> int:
    """One plain request; returns the status. A body that is an iterable is sent in chunks."""
    connection = http.client.HTTPConnection(urlsplit(hub.endpoint).netloc, timeout=10)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
