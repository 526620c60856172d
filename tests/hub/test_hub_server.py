"""The loopback Hub answers as the Hub does, and misbehaves as tests ask it to."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.hub.client import run
from tests.hub.fixtures import environment_for
from tests.hub.server import HubServer

SHA = re.compile(r"[0-9a-f]{40}")

ASK_COMMITS = """
import json
from huggingface_hub import HfApi, hf_hub_download

api = HfApi()
model = api.model_info("openai-community/gpt2").sha
paths = api.get_paths_info("openai-community/gpt2", ["config.json", "no.json"])
refs = api.list_repo_refs("csebuetnlp/xlsum", repo_type="dataset")
print(json.dumps({
    "model": model,
    "bare": api.model_info("gpt2").sha,
    "pinned": hf_hub_download("openai-community/gpt2", "config.json", revision=model),
    "dataset": api.dataset_info("fancyzhx/ag_news").sha,
    "branches": {ref.ref: ref.target_commit for ref in refs.branches + refs.converts},
    "converted": api.dataset_info("csebuetnlp/xlsum", revision="refs/convert/parquet").sha,
    "paths": [path.path for path in paths],
}))
"""

DOWNLOAD = """
import hashlib, json
from huggingface_hub import hf_hub_download

with open(hf_hub_download("bert-base-uncased", "model.safetensors"), "rb") as file:
    print(json.dumps(hashlib.file_digest(file, "sha256").hexdigest()))
"""


def fetch(hub: HubServer, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One plain GET: status, headers, body."""
    connection = http.client.HTTPConnection(urlsplit(hub.endpoint).netloc, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


@pytest.fixture
def faulty(hub: HubServer) -> Iterator[HubServer]:
    """The session's hub, cleared of faults before and after."""
    hub.reset()
    yield hub
    hub.reset()


def test_commits_have_ids(hub: HubServer, hub_environment: dict[str, str]) -> None:
    facts = run(ASK_COMMITS, hub_environment)
    assert SHA.fullmatch(facts["model"])
    assert SHA.fullmatch(facts["dataset"])
    assert facts["bare"] == facts["model"]
    assert Path(facts["pinned"]).parent.name == facts["model"]
    assert facts["branches"]["refs/convert/parquet"] == facts["converted"]
    assert facts["branches"]["refs/heads/main"] != facts["converted"]
    assert facts["paths"] == ["config.json"]


def test_commit_id_follows_the_content(tmp_path: Path) -> None:
    with HubServer(tmp_path) as hub:
        repository = hub.repository("models", "some/model")
        for branch in ("main", "v1"):
            repository.branch(branch).folder.mkdir(parents=True)
            (repository.branch(branch).folder / "config.json").write_text("{}", encoding="utf-8")
        before = repository.branch().sha
        (repository.branch().folder / "config.json").write_text("[]", encoding="utf-8")
        after = repository.branch().sha
        assert SHA.fullmatch(before)
        assert before != after
        assert fetch(hub, "/some/model/resolve/main/config.json")[2] == b"[]"
        # The old content lives on in another branch, so its commit can still be asked for.
        assert fetch(hub, f"/some/model/resolve/{before}/config.json")[2] == b"{}"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-2", b"89"), ("bytes=8-99", b"89")],
)
def test_ranges(tmp_path: Path, wanted: str, expected: bytes) -> None:
    with HubServer(tmp_path) as hub:
        folder = hub.repository("models", "some/model").branch().folder
        folder.mkdir(parents=True)
        (folder / "digits").write_bytes(b"0123456789")
        status, headers, body = fetch(hub, "/some/model/resolve/main/digits", Range=wanted)
        assert (status, body) == (206, expected)
        assert headers["Content-Range"].endswith("/10")
        assert fetch(hub, "/some/model/resolve/main/digits", Range="bytes=10-")[0] == 416


def test_cut_download_is_resumed(faulty: HubServer, tmp_path: Path) -> None:
    # The client writes 10 MB at a time and resumes after the last whole piece, so take a big file.
    revision = faulty.repository("models", "google-bert/bert-base-uncased").branch()
    facts = revision.facts("model.safetensors")
    assert facts is not None
    cut = facts.size // 2
    faulty.cut_next(after_bytes=cut, path_contains="model.safetensors")
    assert run(DOWNLOAD, environment_for(faulty, tmp_path)) == facts.sha256
    [(_, resumed)] = faulty.ranges
    assert cut - 11_000_000 < int(resumed.removeprefix("bytes=").split("-")[0]) <= cut


def test_failures_are_answered_as_often_as_asked(faulty: HubServer) -> None:
    faulty.fail_next(503, times=2, path_contains="/api/models/")
    faulty.fail_next(403, path_contains="config.json", error_code="GatedRepo")
    path = "/api/models/openai-community/gpt2"
    assert [fetch(faulty, path)[0] for _ in range(3)] == [503, 503, 200]
    status, headers, _ = fetch(faulty, "/openai-community/gpt2/resolve/main/config.json")
    assert (status, headers["X-Error-Code"]) == (403, "GatedRepo")
    assert len(faulty.requested("/api/models/")) == 3


def test_answers_are_held_back(faulty: HubServer) -> None:
    faulty.delay_next(0.3, path_contains="agent-harnesses")
    start = time.monotonic()
    assert fetch(faulty, "/api/agent-harnesses")[0] == 200
    assert time.monotonic() - start >= 0.3


def test_other_hosts_are_refused(hub: HubServer, hub_environment: dict[str, str]) -> None:
    program = """
import json
from huggingface_hub.utils import get_session

answer = get_session().get("http://datasets-server.127.0.0.1:1/info?dataset=org/name")
try:
    get_session().get("https://huggingface.co/api/models/gpt2")
except Exception as error:
    print(json.dumps([answer.status_code, type(error).__name__]))
"""
    assert run(program, hub_environment) == [403, "ProxyError"]
    assert ("CONNECT", "huggingface.co:443") in hub.requests
