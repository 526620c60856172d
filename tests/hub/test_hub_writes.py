"""The answers of the loopback Hub to writes that the real client would not send."""

from __future__ import annotations

import base64
import json

from tests.hub.client import send
from tests.hub.server import HubServer


def test_commit_is_written_whole_or_not_at_all(empty_hub: HubServer) -> None:
    assert send(empty_hub, "POST", "/api/repos/create", '{"name": "whole"}') == 200
    path = "/api/models/ftspec-tests/whole/commit/main"
    content = base64.b64encode(b"new").decode()
    header = {"key": "header", "value": {"summary": "Try"}}
    added = {"key": "file", "value": {"path": "new.txt", "content": content}}
    for bad in (
        {"key": "file", "value": {"path": "../out.txt", "content": content}},
        {"key": "lfsFile", "value": {"path": "a.bin", "oid": "0" * 64, "size": 3}},
        {"key": "renamed", "value": {"path": "new.txt"}},
    ):
        body = "\n".join(json.dumps(line) for line in (header, added, bad))
        assert send(empty_hub, "POST", path, body) == 400
    files = empty_hub.repository("models", "ftspec-tests/whole").branch().files()
    assert [facts.path for facts in files] == [".gitattributes"]
    body = "\n".join(json.dumps(line) for line in (header, added))
    assert send(empty_hub, "POST", f"{path}?create_pr=1", body) == 400
    # A body in chunks, as a client sends it that doesn't know its length.
    pieces = (body.encode()[start : start + 10] for start in range(0, len(body), 10))
    assert send(empty_hub, "POST", path, pieces) == 200
    assert empty_hub.received[-1].body == body.encode()
    assert [commit.paths for commit in empty_hub.commits] == [("new.txt",)]


def test_storage_takes_announced_objects_only(empty_hub: HubServer) -> None:
    path = f"/lfs-storage/models/ftspec-tests/own/{'0' * 64}"
    assert send(empty_hub, "PUT", path, b"content") == 403


def test_reset_forgets_what_was_received(empty_hub: HubServer) -> None:
    empty_hub.require_token()
    assert send(empty_hub, "POST", "/api/repos/create", '{"name": "forgotten"}') == 401
    assert empty_hub.requests == [("POST", "/api/repos/create")]
    empty_hub.reset()
    assert not empty_hub.received
    assert not empty_hub.commits
    assert send(empty_hub, "POST", "/api/repos/create", '{"name": "forgotten"}') == 200
