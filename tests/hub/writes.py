"""What the Hub answers to requests that write: new repositories and branches, uploads, commits."""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from tests.hub.access import USER, Access
from tests.hub.answers import Answer, refusal
from tests.hub.commits import Commit, CommitRefused, write_commit
from tests.hub.lfs import STORAGE, LfsStorage
from tests.hub.received import Received
from tests.hub.repository import LFS_SUFFIXES, Repository

KIND = r"(?P<kind>models|datasets|spaces)"
ACTION = re.compile(
    rf"/api/{KIND}/(?P<name>.+?)/(?P<action>preupload|branch|commit)/(?P<revision>[^/]+)"
)
LFS = re.compile(
    r"(?P<git_path>/((?P<kind>datasets|spaces)/)?(?P<name>[^/]+/[^/]+)\.git)"
    r"/info/lfs/objects/(?P<action>batch|verify)"
)
CARD_HEAD = re.compile(r"---\r?\n(.*?)^---\s*$", re.DOTALL | re.MULTILINE)
UPLOAD = re.compile(rf"{STORAGE}/{KIND}/(?P<name>[^/]+/[^/]+)/(?P<oid>[0-9a-f]{{64}})")


class WriteApi:
    """The answers to requests that change one folder of repositories."""

    def __init__(self, root: Path, access: Access) -> None:
        self.root = root
        self.storage = LfsStorage()
        self.commits: list[Commit] = []
        self._access = access
        self._lock = threading.Lock()

    def answer(self, request: Received) -> Answer | None:
        """The answer to a request that writes; None where the request is something else."""
        path = urlsplit(request.path).path
        if request.method == "PUT" and (match := UPLOAD.fullmatch(path)):
            repository = Repository(self.root, match["kind"], match["name"])
            return self.storage.upload(repository, match["oid"], request.body)
        if request.method != "POST":
            return None
        action, lfs = ACTION.fullmatch(path), LFS.fullmatch(path)
        if path == "/api/validate-yaml":
            return _check_card(request.document["content"])
        if not (action or lfs or path == "/api/repos/create"):
            return None
        if (refused := self._access.refuse_write(request)) is not None:
            return refused
        if action is not None:
            return self._act(action, request)
        if lfs is not None:
            return self._transfer(lfs, request)
        return self._create(request)

    def _create(self, request: Received) -> Answer:
        wanted = request.document
        kind = f"{wanted.get('type') or 'model'}s"
        name = f"{wanted.get('organization') or USER}/{wanted['name']}"
        repository = Repository(self.root, kind, name)
        document = {"url": f"{request.endpoint}{_page(repository)}", "name": name}
        with self._lock:
            if repository.exists():
                error = "You already created this repo"
                return Answer(409, document | {"error": error}, {"X-Error-Message": error})
            folder = repository.branch().folder
            folder.mkdir(parents=True)
            # The first commit of the Hub says which files sit in LFS.
            rules = [f"*{suffix} filter=lfs diff=lfs merge=lfs -text" for suffix in LFS_SUFFIXES]
            text = "\n".join([*sorted(rules), ""])
            (folder / ".gitattributes").write_text(text, encoding="utf-8")
        return Answer(document=document)

    def _act(self, match: re.Match[str], request: Received) -> Answer:
        repository = Repository(self.root, match["kind"], unquote(match["name"]))
        if not repository.exists():
            return refusal(404, "RepoNotFound", f"Repository not found: {repository.name}")
        if "create_pr=" in urlsplit(request.path).query:
            return refusal(400, "", "the test hub has no pull requests")
        name = unquote(match["revision"])
        if match["action"] == "branch":
            return self._branch(repository, name, request)
        if not repository.branch(name).folder.is_dir():
            return refusal(404, "RevisionNotFound", f"Invalid rev id: {name}")
        if match["action"] == "preupload":
            return _upload_modes(repository, name, request.document["files"])
        return self._commit(repository, name, request)

    def _branch(self, repository: Repository, name: str, request: Received) -> Answer:
        with self._lock:
            branch = repository.branch(name)
            if branch.folder.exists():
                return refusal(409, "", f"Reference already exists: {name}")
            start = request.document.get("startingPoint") or "main"
            revision = repository.revision(start)
            if revision is None:
                return refusal(404, "RevisionNotFound", f"Invalid rev id: {start}")
            shutil.copytree(revision.folder, branch.folder)
        return Answer(document={})

    def _commit(self, repository: Repository, branch: str, request: Received) -> Answer:
        def find_object(oid: str) -> bytes | None:
            return self.storage.find(repository, oid)

        with self._lock:
            try:
                commit = write_commit(repository, branch, request.body, find_object)
            except CommitRefused as refused:
                return refused.answer
            self.commits.append(commit)
        url = f"{request.endpoint}{_page(repository)}/commit/{commit.oid}"
        return Answer(document={"success": True, "commitOid": commit.oid, "commitUrl": url})

    def _transfer(self, match: re.Match[str], request: Received) -> Answer:
        repository = Repository(self.root, match["kind"] or "models", match["name"])
        if not repository.exists():
            return refusal(404, "RepoNotFound", f"Repository not found: {repository.name}")
        if match["action"] == "verify":
            return self.storage.verify(repository, request)
        return self.storage.batch(repository, match["git_path"], request)


def _page(repository: Repository) -> str:
    """The path of the repository's page: that of a model has no kind in it."""
    prefix = "" if repository.kind == "models" else f"/{repository.kind}"
    return f"{prefix}/{repository.name}"


def _check_card(text: str) -> Answer:
    """Whether the head of a README.md is YAML; the client asks before it uploads anything."""
    head = CARD_HEAD.match(text)
    if head is None:
        warning = "empty or missing yaml metadata in repo card"
        return Answer(document={"errors": [], "warnings": [{"message": warning}]})
    try:
        metadata = yaml.safe_load(head[1])
    except yaml.YAMLError as error:
        return Answer(400, {"errors": [{"message": str(error)}], "warnings": []})
    errors = [] if isinstance(metadata, dict) else [{"message": "the metadata isn't a mapping"}]
    return Answer(400 if errors else 200, {"errors": errors, "warnings": []})


def _upload_modes(repository: Repository, branch: str, files: list[dict[str, Any]]) -> Answer:
    """How the client is to upload each file; by the oid it sees which files haven't changed."""
    modes = []
    for file in files:
        path = file["path"]
        facts = repository.branch(branch).facts(path)
        modes.append(
            {
                "path": path,
                "uploadMode": "lfs" if Path(path).suffix in LFS_SUFFIXES else "regular",
                "shouldIgnore": False,
                "oid": None if facts is None else facts.etag,
            }
        )
    return Answer(document={"files": modes})
