"""The answers of the Hub by path: repository facts, listings, files, redirects, error codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub.access import Access
from tests.hub.answers import Answer, refusal
from tests.hub.received import Received
from tests.hub.repository import Repository, Revision, full_name
from tests.hub.writes import WriteApi

KINDS = ("models", "datasets", "spaces")
ACTIONS = {"commits", "discussions", "paths-info", "refs", "revision", "tree"}
DATE = "2024-01-01T00:00:00.000Z"
TRUE = {"1", "true", "True"}


class HubApi:
    """The answers for one folder of repositories."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.access = Access()
        self.writes = WriteApi(root, self.access)

    def answer(self, request: Received) -> Answer:
        """The answer to a request for a path such as `/api/models/gpt2?expand=True`."""
        refused = self.access.refuse_token(request)
        return refused or self.writes.answer(request) or self._read(request)

    def _read(self, request: Received) -> Answer:
        url = urlsplit(request.path)
        # Split before unquoting: a revision such as refs%2Fconvert%2Fparquet is one segment.
        segments = url.path.strip("/").split("/")
        if segments == ["api", "agent-harnesses"]:
            return Answer(document={"standardEnvVars": [], "harnesses": {}})
        if segments == ["api", "whoami-v2"]:
            return self.access.whoami(request)
        if segments[0] != "api":
            return self._download(segments)
        if len(segments) < 3 or segments[1] not in KINDS:
            return refusal(404, "", f"no such API: {url.path}")
        kind, rest = segments[1], segments[2:]
        width = 1 if len(rest) == 1 or rest[1] in ACTIONS else 2
        repository = self._repository(kind, rest[:width])
        if repository is None:
            return self._moved(kind, rest[:width], f"/api/{kind}", rest[width:], url.query)
        return self._describe(repository, rest[width:], parse_qs(url.query), request.body)

    def _describe(
        self, repository: Repository, rest: list[str], query: dict[str, list[str]], body: bytes
    ) -> Answer:
        action, where = (rest[0], rest[1:]) if rest else ("revision", [])
        if action == "refs":
            return Answer(document=_refs(repository))
        if action == "discussions":
            return Answer(document={"discussions": [], "count": 0, "start": 0})
        if action not in ACTIONS:
            return refusal(404, "", f"no such API: {action}")
        found = _find_revision(repository, where or ["main"])
        if found is None:
            return refusal(404, "RevisionNotFound", f"Invalid rev id: {'/'.join(where)}")
        revision, path = found
        if action == "revision":
            return Answer(document=_info(repository, revision))
        if action == "commits":
            return Answer(document=[_commit(revision)])
        if action == "paths-info":
            listings = [revision.listing(path) for path in _wanted_paths(body)]
            return Answer(document=[listing for listing in listings if listing is not None])
        entries = revision.listings(path, query.get("recursive", [""])[0] in TRUE)
        if entries is None:
            return refusal(404, "EntryNotFound", f"{path} does not exist", revision.sha)
        return Answer(document=entries)

    def _download(self, segments: list[str]) -> Answer:
        kind = segments[0] if segments[0] in KINDS else "models"
        prefix = f"/{kind}" if segments[0] in KINDS else ""
        if "resolve" not in segments:
            return refusal(404, "", "the test hub has no pages, only files")
        at = segments.index("resolve")
        names = segments[1:at] if prefix else segments[:at]
        repository = self._repository(kind, names)
        if repository is None:
            return self._moved(kind, names, prefix, segments[at:])
        found = _find_revision(repository, segments[at + 1 :])
        if found is None:
            return refusal(404, "RevisionNotFound", f"Invalid rev id: {segments[at + 1]}")
        revision, path = found
        facts, commit = revision.facts(path), revision.sha
        if facts is None:
            return refusal(404, "EntryNotFound", f"{path} does not exist", commit)
        headers = {"ETag": f'"{facts.etag}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if facts.sha256 is not None:
            headers |= {"X-Linked-ETag": f'"{facts.sha256}"', "X-Linked-Size": str(facts.size)}
        return Answer(headers=headers, file=revision.folder / path)

    def _repository(self, kind: str, names: list[str]) -> Repository | None:
        repository = Repository(self.root, kind, unquote("/".join(names)))
        return repository if repository.exists() else None

    def _moved(
        self, kind: str, names: list[str], prefix: str, rest: list[str], query: str = ""
    ) -> Answer:
        """The Hub leads the bare names of old, `gpt2` or `ag_news`, on to `org/name`.

        It does so for datasets too: that their bare names fail is the doing of the clients.
        """
        name = full_name(self.root, kind, names[0]) if len(names) == 1 else None
        if name is None:
            return refusal(404, "RepoNotFound", f"Repository not found: {kind} {'/'.join(names)}")
        target = "/".join([prefix, name, *rest]) + (f"?{query}" if query else "")
        return Answer(307, headers={"Location": target})


def _find_revision(repository: Repository, segments: list[str]) -> tuple[Revision, str] | None:
    """The revision and the path after it; some clients leave the slashes of refs/… unquoted."""
    for width in range(1, len(segments) + 1):
        revision = repository.revision(unquote("/".join(segments[:width])))
        if revision is not None:
            return revision, unquote("/".join(segments[width:]))
    return None


def _info(repository: Repository, revision: Revision) -> dict[str, Any]:
    return {
        "_id": "0" * 24,
        "id": repository.name,
        "author": repository.name.split("/")[0],
        "sha": revision.sha,
        "private": False,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "createdAt": DATE,
        "lastModified": DATE,
        "siblings": [{"rfilename": facts.path} for facts in revision.files()],
    }


def _refs(repository: Repository) -> dict[str, Any]:
    refs: dict[str, Any] = {"branches": [], "converts": [], "tags": [], "pullRequests": []}
    for revision in repository.revisions():
        group = "converts" if revision.name.startswith("refs/convert/") else "branches"
        ref = revision.name if group == "converts" else f"refs/heads/{revision.name}"
        name = ref.rsplit("/", 1)[-1]
        refs[group].append({"name": name, "ref": ref, "targetCommit": revision.sha})
    return refs


def _commit(revision: Revision) -> dict[str, Any]:
    return {
        "id": revision.sha,
        "authors": [{"user": "ftspec-tests"}],
        "date": DATE,
        "title": "Upload",
        "message": "",
    }


def _wanted_paths(body: bytes) -> list[str]:
    text = body.decode()
    return json.loads(text)["paths"] if text.startswith("{") else parse_qs(text).get("paths", [])
