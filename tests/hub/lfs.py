"""The Git LFS storage of the loopback Hub: objects are announced, uploaded, then committed."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.hub.answers import Answer, refusal
from tests.hub.received import Received
from tests.hub.repository import Repository

# On the Hub the storage is another host with signed URLs, so an upload carries no token.
STORAGE = "/lfs-storage"


class LfsStorage:
    """The objects of every repository, by their sha256."""

    def __init__(self) -> None:
        self._announced: set[tuple[Repository, str]] = set()
        self._contents: dict[tuple[Repository, str], bytes] = {}

    def clear(self) -> None:
        """Forget the uploads; what was committed stays in the repositories."""
        self._announced.clear()
        self._contents.clear()

    def find(self, repository: Repository, oid: str) -> bytes | None:
        """The content of an object that was uploaded, or that a branch of the repository has."""
        if (repository, oid) in self._contents:
            return self._contents[repository, oid]
        for revision in repository.revisions():
            for facts in revision.files():
                if facts.sha256 == oid:
                    return (revision.folder / facts.path).read_bytes()
        return None

    def batch(self, repository: Repository, git_path: str, request: Received) -> Answer:
        """Where to upload the objects that the client is about to commit."""
        objects = [
            self._announce(repository, git_path, wanted, request.endpoint)
            for wanted in request.document["objects"]
        ]
        return Answer(document={"transfer": "basic", "objects": objects})

    def _announce(
        self, repository: Repository, git_path: str, wanted: dict[str, Any], endpoint: str
    ) -> dict[str, Any]:
        oid = wanted["oid"]
        entry: dict[str, Any] = {"oid": oid, "size": wanted["size"], "authenticated": True}
        if self.find(repository, oid) is not None:
            return entry  # without actions: the client needn't upload what is here already
        self._announced.add((repository, oid))
        storage = f"{endpoint}{STORAGE}/{repository.kind}/{repository.name}/{oid}"
        verify = f"{endpoint}{git_path}/info/lfs/objects/verify"
        return entry | {"actions": {"upload": {"href": storage}, "verify": {"href": verify}}}

    def upload(self, repository: Repository, oid: str, content: bytes) -> Answer:
        if (repository, oid) not in self._announced:
            return refusal(403, "", "this object wasn't announced")
        if hashlib.sha256(content).hexdigest() != oid:
            return refusal(400, "", "the content doesn't have this sha256")
        self._contents[repository, oid] = content
        return Answer()

    def verify(self, repository: Repository, request: Received) -> Answer:
        wanted = request.document
        content = self.find(repository, wanted["oid"])
        if content is None or len(content) != wanted["size"]:
            return refusal(404, "", f"no such object: {wanted['oid']}")
        return Answer()
