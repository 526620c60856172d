"""The loopback Hub accepts commits of the real client, and keeps every byte that it receives."""

from __future__ import annotations

from pathlib import Path

from tests.hub.server import HubServer
from tests.hub.uploader import TOKEN, tell, write_files

UPLOAD = """
url = api.create_repo("own", exist_ok=True)
again = api.create_repo("own", exist_ok=True)
name = url.repo_id
first = api.upload_folder(
    repo_id=name, folder_path=FOLDER, commit_message="Add all", commit_description="At once"
)
same = api.upload_folder(repo_id=name, folder_path=FOLDER)
(FOLDER / "config.json").write_text('{"a": 2}', encoding="utf-8")
future = api.upload_folder(repo_id=name, folder_path=FOLDER, run_as_future=True)
second = future.result()
api.upload_folder(repo_id=name, folder_path=FOLDER, path_in_repo="runs/1")
print(json.dumps({
    "url": str(url),
    "again": again.repo_id,
    "taken": refusal(lambda: api.create_repo("own")),
    "name": name,
    "commits": [first.oid, same.oid, second.oid],
    "commit_url": first.commit_url,
    "sha": api.model_info(name).sha,
    "files": api.list_repo_files(name),
}))
"""

READ = """
name = "ftspec-tests/own"
print(json.dumps({
    "config": text(name, "config.json"),
    "vocabulary": text(name, "tokenizer/vocab.txt"),
    "copy": text(name, "runs/1/tokenizer/vocab.txt"),
    "weights": Path(hf_hub_download(name, "model.safetensors")).read_bytes().hex(),
}))
"""

BRANCH = """
name = api.create_repo("acme/data", repo_type="dataset").repo_id
api.upload_file(
    repo_id=name, repo_type="dataset", path_or_fileobj=b"1", path_in_repo="a/b/one.txt"
)
options = {"repo_id": name, "repo_type": "dataset"}
missing = refusal(lambda: api.upload_folder(folder_path=FOLDER, revision="exp/1", **options))
api.create_branch(name, branch="exp/1", repo_type="dataset")
taken = refusal(lambda: api.create_branch(name, branch="exp/1", repo_type="dataset"))
there = api.upload_folder(folder_path=FOLDER, revision="exp/1", **options)
api.delete_file("a/b/one.txt", **options)
print(json.dumps({
    "missing": missing,
    "taken": taken,
    "commit_url": there.commit_url,
    "main": api.list_repo_files(name, repo_type="dataset"),
    "branch": api.list_repo_files(name, repo_type="dataset", revision="exp/1"),
    "config": text(name, "config.json", repo_type="dataset", revision="exp/1"),
    "deleted": refusal(lambda: api.delete_file("no.txt", **options)),
    "behind": refusal(lambda: api.upload_file(
        path_or_fileobj=b"2", path_in_repo="two.txt", parent_commit="0" * 40, **options
    )),
    "card": refusal(lambda: api.upload_file(
        path_or_fileobj=b"---\\na: [\\n---\\n", path_in_repo="README.md", **options
    )),
    "after": api.list_repo_files(name, repo_type="dataset"),
}))
"""


def test_folder_is_committed_and_read_back(empty_hub: HubServer, tmp_path: Path) -> None:
    facts = tell(empty_hub, tmp_path / "up", UPLOAD, HF_TOKEN=TOKEN)
    assert facts["url"] == f"{empty_hub.endpoint}/ftspec-tests/own"
    assert facts["name"] == facts["again"] == "ftspec-tests/own"
    assert facts["taken"][0] == "HfHubHTTPError"
    assert "409" in facts["taken"][1]
    first, same, second = facts["commits"]
    assert first == same != second
    assert facts["commit_url"] == f"{facts['url']}/commit/{first}"
    files = ["config.json", "model.safetensors", "tokenizer/vocab.txt"]
    copies = [f"runs/1/{file}" for file in files]
    assert sorted(facts["files"]) == [".gitattributes", *files[:2], *copies, files[2]]

    # A folder without changes makes no commit, and one with changes sends only those.
    assert [commit.oid for commit in empty_hub.commits][:2] == [first, second]
    assert [commit.paths for commit in empty_hub.commits] == [
        tuple(files),
        ("config.json",),
        tuple(f"runs/1/{file}" for file in files),
    ]
    commit = empty_hub.commits[0]
    assert (commit.summary, commit.description) == ("Add all", "At once")
    assert facts["sha"] == empty_hub.commits[2].oid

    read = tell(empty_hub, tmp_path / "down", READ)
    assert (read["config"], read["vocabulary"]) == ('{"a": 2}', "one two\n")
    assert read["copy"] == "one two\n"
    assert bytes.fromhex(read["weights"]) == bytes(range(256)) * 100


def test_every_byte_is_kept_apart_from_the_token(empty_hub: HubServer, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "folder")
    (folder / "log.txt").write_text("secret in text", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(b"\0" * 600 + b"secret in weights")
    program = """
api.create_repo("kept")
api.upload_folder(
    repo_id="ftspec-tests/kept", folder_path=FOLDER, commit_message="s\\u00e9cret in words"
)
print("null")
"""
    tell(empty_hub, tmp_path, program, HF_TOKEN=TOKEN)
    paths = "/api/models/ftspec-tests/kept"
    in_text = [request.path for request in empty_hub.holding("secret in text")]
    assert in_text == [f"{paths}/preupload/main", f"{paths}/commit/main"]
    [upload] = empty_hub.holding(b"secret in weights")
    assert (upload.method, upload.contents()) == ("PUT", [upload.body])
    [commit] = empty_hub.holding("sécret in words")
    assert b"secret in text" in commit.contents()
    assert empty_hub.holding(TOKEN) == []
    # The storage is another host on the Hub, where the token must not go.
    assert upload.authorization == ""
    others = [request.token for request in empty_hub.received if request is not upload]
    assert set(others) == {TOKEN}


def test_branch_takes_its_own_commits(empty_hub: HubServer, tmp_path: Path) -> None:
    facts = tell(empty_hub, tmp_path, BRANCH, HF_TOKEN=TOKEN)
    assert facts["missing"][0] == "RevisionNotFoundError"
    assert "409" in facts["taken"][1]
    assert facts["commit_url"].startswith(f"{empty_hub.endpoint}/datasets/acme/data/commit/")
    assert facts["main"] == facts["after"] == [".gitattributes"]
    assert sorted(facts["branch"]) == [
        ".gitattributes",
        "a/b/one.txt",
        "config.json",
        "model.safetensors",
        "tokenizer/vocab.txt",
    ]
    assert facts["config"] == '{"a": 1}'
    assert not (empty_hub.repository("datasets", "acme/data").branch().folder / "a").exists()
    assert facts["deleted"][0] == "RemoteEntryNotFoundError"
    assert "412" in facts["behind"][1]
    assert facts["card"][0] == "ValueError"
    assert "Invalid metadata in README.md" in facts["card"][1]


def test_client_repeats_uploads_but_not_commits(empty_hub: HubServer, tmp_path: Path) -> None:
    program = """
api.create_repo("faulty")
ask = lambda: api.upload_folder(repo_id="ftspec-tests/faulty", folder_path=FOLDER)
print(json.dumps([refusal(ask), refusal(ask)]))
"""
    empty_hub.fail_next(503, path_contains="/preupload/")
    empty_hub.fail_next(503, path_contains="/lfs-storage/", methods=("PUT",))
    empty_hub.fail_next(503, path_contains="/commit/")
    refused, taken = tell(empty_hub, tmp_path, program, HF_TOKEN=TOKEN)
    assert refused[0] == "HfHubHTTPError"
    assert "503" in refused[1]
    assert taken is None
    # The second try finds in the storage what the first one uploaded.
    counts = [len(empty_hub.requested(f"/{step}/")) for step in ("preupload", "lfs-storage")]
    assert counts == [3, 2]
    assert len(empty_hub.requested("/commit/")) == 2
    assert len(empty_hub.commits) == 1
