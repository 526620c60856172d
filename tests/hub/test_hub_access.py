"""The loopback Hub requires a token for writes if a test sets one."""

from __future__ import annotations

from pathlib import Path

from tests.hub.client import send
from tests.hub.server import HubServer
from tests.hub.uploader import TOKEN, tell

WRITE = """
def upload():
    api.upload_folder(repo_id="ftspec-tests/guarded", folder_path=FOLDER)

facts = {"create": refusal(lambda: api.create_repo("guarded")), "upload": refusal(upload)}
try:
    facts["user"] = api.whoami()["name"]
except Exception as error:
    facts["user"] = type(error).__name__
print(json.dumps(facts))
"""


def test_writes_need_a_token_where_one_is_required(empty_hub: HubServer, tmp_path: Path) -> None:
    empty_hub.require_token()
    refused = tell(empty_hub, tmp_path, WRITE)
    assert refused["create"][0] == "HfHubHTTPError"
    assert "401" in refused["create"][1]
    assert refused["upload"][0] == "RepositoryNotFoundError"
    assert refused["user"] == "LocalTokenNotFoundError"
    assert not empty_hub.repository("models", "ftspec-tests/guarded").exists()
    taken = tell(empty_hub, tmp_path, WRITE, HF_TOKEN="hf_any")
    assert taken == {"create": None, "upload": None, "user": "ftspec-tests"}


def test_wrong_token_is_refused_even_for_reads(empty_hub: HubServer, tmp_path: Path) -> None:
    empty_hub.require_token(TOKEN)
    refused = tell(empty_hub, tmp_path, WRITE, HF_TOKEN="hf_wrong")
    for error, message in (refused["create"], refused["upload"]):
        assert error == "HfHubHTTPError"
        assert "Invalid credentials in Authorization header" in message
    assert send(empty_hub, "GET", "/api/agent-harnesses") == 200
    wrong = {"Authorization": "Bearer hf_wrong"}
    assert send(empty_hub, "GET", "/api/agent-harnesses", **wrong) == 401
