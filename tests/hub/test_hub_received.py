"""A text is found in a request in any encoding, except in the place for the token."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from tests.hub.received import Received


@pytest.mark.parametrize(
    "request_",
    [
        Received("GET", f"/api/models?search={quote('a secret')}", {}),
        Received("GET", "/", {"user-agent": "a secret"}),
        Received("GET", "/", {"proxy-authorization": "a secret"}),
        Received("POST", "/", {}, b'{"a": ["\\u0061 secret"]}'),
        Received("POST", "/", {}, b'{}\n{"content": "' + base64.b64encode(b"a secret") + b'"}'),
        Received("POST", "/", {}, b"{a secret"),
    ],
)
def test_secret_is_found_wherever_it_hides(request_: Received) -> None:
    assert request_.holds("a secret")
    assert not request_.holds("another secret")


def test_authorization_is_not_searched() -> None:
    request = Received("GET", "/", {"authorization": "Bearer hf_secret"})
    assert not request.holds("hf_secret")
    assert request.token == "hf_secret"
