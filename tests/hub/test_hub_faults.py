"""A read from a Hub that misbehaves gives the right result, or one clear error, in bounded time.

What is read is read by the code of a run, once from an undisturbed Hub and then under each fault.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ftspec.files import sha256_of
from tests.engine import rows, tiny
from tests.hub import dead_ends, prose
from tests.hub.fixtures import environment_for
from tests.hub.reader import Outcome, Reader
from tests.hub.server import HubServer

WHOLE = {
    "model": "model.safetensors",
    "file": "model.safetensors",
    "tokenizer": "tokenizer",
    "dataset": ".jsonl",
}
"""The requests for what is read, by their paths."""


@dataclass(frozen=True)
class Case:
    """A fault, and what must come of it.

    Attributes:
        fault: its name (tests/hub/misbehaviour.py).
        what: what is read: a model, its file of weights, a tokenizer, a dataset or a commit.
        times: how many requests it hits; every one by default.
        path: a part of the paths that it hits; by default those of the files.
        methods: the methods of these requests.
        says: parts of the error; without any the result is right.
        patience: in seconds.
    """

    fault: str
    what: str = "model"
    times: int = 99
    path: str | None = None
    methods: tuple[str, ...] = ("GET",)
    says: tuple[str, ...] = ()
    patience: float = 3.0
    seconds: float = 4.0

    def __str__(self) -> str:
        return f"{self.fault}-{self.what}-{'fails' if self.says else 'heals'}"


HEAD = {"methods": ("HEAD",), "path": "/resolve/"}
HEALED = (
    Case("reset-before-headers", "file", times=2),
    Case("reset-in-body", "model", times=1),
    Case("reset-in-body", "dataset", times=1),
    Case("reset-before-headers", "file", times=1, **HEAD),
    Case("close-before-headers", "file", times=1),
    Case("cut-body", "file", times=1),
    Case("cut-body", "tokenizer", times=1),
    Case("cut-chunks", "file", times=1),
    Case("cut-body-of-unknown-length", "file", times=1),
    Case("stall-before-headers", "file", times=1),
    Case("stall-in-body", "file", times=1),
    Case("slow-body", "file"),
    Case("wrong-bytes", "file", times=1),
    Case("wrong-bytes", "dataset", times=1),
    Case("empty-body", "file", times=1),
    Case("429", "file", times=1),
    Case("429-retry-after", "file", times=1),
    Case("429-window", "file", times=1),
    Case("503-retry-after-date", "file", times=1),
    Case("500", "file", times=1),
    Case("502", "tokenizer", times=1),
    Case("503", "dataset", times=1, path="/api/datasets/"),
    Case("504", "file", times=1, **HEAD),
    Case("invalid-json", "dataset", times=1, path="/api/datasets/"),
    Case("cut-body", "dataset", times=1, path="/api/datasets/"),
    Case("stall-before-headers", "commit", times=1, path="/api/models/"),
)
SHORT: dict[str, Any] = {"patience": 0.5, "seconds": 3.5}
NEVER = ("FTSPEC_HUB_PATIENCE",)
REFUSED = (
    Case("reset-before-headers", "file", **SHORT, says=("breaks off the connection", *NEVER)),
    Case("stall-before-headers", "file", **SHORT, says=("does not answer", *NEVER)),
    Case("stall-in-body", "file", **SHORT, says=("does not answer", *NEVER)),
    Case("cut-body", "file", **SHORT, says=("breaks off the connection", *NEVER)),
    Case("503", **SHORT, says=("answers with 503, for 0.5 seconds", *NEVER)),
    Case("503", "file", **SHORT, **HEAD, says=("answers with 503", *NEVER)),
    Case("500", "dataset", **SHORT, **HEAD, says=("answers with 500", *NEVER)),
    Case("stall-before-headers", "tokenizer", **SHORT, **HEAD, says=("does not answer", *NEVER)),
    Case("429-retry-after-an-hour", says=("asks to wait for 3600 seconds", *NEVER)),
    Case("wrong-bytes", says=("is not the file that the Hub announced", "twice", "HF_ENDPOINT")),
    Case("wrong-bytes", "dataset", says=("is not the file that the Hub announced", "twice")),
    Case("wrong-etag", **HEAD, says=("is not the file that the Hub announced", "HF_ENDPOINT")),
    Case("cut-body-of-unknown-length", says=("another size than the Hub announced", "twice")),
    Case("redirect-loop", **HEAD, says=("redirects in a circle", "HF_ENDPOINT")),
    Case("redirect-to-dead-host", "file", **SHORT, says=("refuses the connection", *NEVER)),
    Case("web-page", **HEAD, says=("is not a Hub", "HF_ENDPOINT")),
    Case("no-http", "file", **SHORT, **HEAD, says=("breaks off the connection", *NEVER)),
    Case("401-wrong-token", **HEAD, says=("refuses the token", "hf auth login")),
    Case("401-private", **HEAD, says=("there is no model", "hf auth login")),
    Case("403-gated", **HEAD, says=("is gated: it needs a token", "accept its terms at")),
    Case("403-gated", "dataset", **HEAD, says=("is gated: it needs a token", "accept its terms")),
    Case("403-gated", "tokenizer", **HEAD, says=("is gated: it needs a token", "accept its")),
    Case("403-forbidden", **HEAD, says=("refuses to give the model", "fine-grained")),
    Case("404-repository", "dataset", **HEAD, says=("there is no dataset", "check its name at")),
    Case("404-revision", **HEAD, says=('has no revision "main"', "branches and tags")),
)


@dataclass
class Undisturbed:
    """A Hub with a model and a dataset, a process that reads them, and what they are."""

    hub: HubServer
    reader: Reader
    model: Path
    data: Path
    count: int = 0
    results: dict[str, Any] = field(default_factory=dict)

    def repository(self) -> str:
        """A new repository of each kind with the same files, which no cache has."""
        self.count += 1
        name = f"acme/copy-{self.count}"
        for kind, folder in (("models", self.model), ("datasets", self.data)):
            shutil.copytree(folder, self.hub.repository(kind, name).branch().folder)
        return name

    def right_result(self, what: str) -> Any:
        """What an undisturbed Hub gives."""
        if what not in self.results:
            outcome = self.reader.read(what, self.repository(), 30)
            assert outcome.said == "", outcome
            self.results[what] = outcome.result
        return self.results[what]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    with undisturbed(tmp_path_factory.mktemp("faulty")) as opened:
        yield opened


@contextmanager
def undisturbed(root: Path) -> Iterator[Undisturbed]:
    """A Hub below a folder."""
    texts = [row["text"] for row in prose.glosses("train")[:200]]
    model = tiny.build_bert(root / "bert", texts)
    data = root / "data"
    data.mkdir()
    rows.write_rows(data / "train.jsonl", rows.glosses(20))
    with HubServer(root / "hub") as hub:
        environment = environment_for(hub, root / "home")
        environment["NO_PROXY"] += f",{dead_ends.UNKNOWN_NAME.removeprefix('http://')}"
        with closing(Reader(environment)) as reader:
            yield Undisturbed(hub, reader, model, data)


def read(place: Undisturbed, case: Case, **more: Any) -> tuple[str, Outcome]:
    """Read once while the fault lasts: the repository and the outcome."""
    name = place.repository()
    path = case.path or WHOLE[case.what]
    place.hub.misbehave_next(case.fault, case.times, path, case.methods)
    try:
        outcome = place.reader.read(case.what, name, case.patience, **more)
        assert place.hub.faults.remaining() < case.times, "nothing was disturbed"
        return name, outcome
    finally:
        place.hub.reset()


@pytest.mark.parametrize("case", HEALED, ids=str)
def test_a_fault_that_passes_changes_nothing(case: Case, place: Undisturbed) -> None:
    expected = place.right_result(case.what)
    _, outcome = read(place, case)
    assert (outcome.said, outcome.result) == ("", expected), outcome
    assert outcome.seconds < case.seconds


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_fault_that_stays_is_one_clear_error(case: Case, place: Undisturbed) -> None:
    name, outcome = read(place, case)
    assert outcome.kind == "RunError", outcome
    for part in case.says:
        assert part in outcome.said, outcome.said
    assert "local directory" not in outcome.said
    assert outcome.seconds < case.seconds
    # nothing wrong stays in the cache: the same read succeeds afterwards
    what = "file" if case.what == "model" else case.what
    expected = place.right_result(what)
    again = place.reader.read(what, name, 30)
    assert (again.said, again.result) == ("", expected), again


DEAD_ENDS: dict[str, tuple[Callable[[], AbstractContextManager[str]], str]] = {
    "closed-port": (dead_ends.closed_port, "refuses the connection"),
    "silent-server": (dead_ends.silent_server, "does not answer"),
    "black-hole": (dead_ends.black_hole, "cannot be reached"),
    "unknown-name": (lambda: nullcontext(dead_ends.UNKNOWN_NAME), "is not known by name"),
}


@pytest.mark.parametrize("end", DEAD_ENDS)
def test_an_address_without_a_hub(end: str, place: Undisturbed) -> None:
    open_end, reason = DEAD_ENDS[end]
    with open_end() as address:
        outcome = place.reader.read("file", "acme/none", 0.5, endpoint=address)
    assert outcome.kind == "RunError", outcome
    assert reason in outcome.said
    assert outcome.seconds < 3.5


def test_tls_to_a_plain_port_is_not_waited_for(place: Undisturbed) -> None:
    address = place.hub.endpoint.replace("http:", "https:")
    outcome = place.reader.read("file", "acme/none", 30.0, endpoint=address)
    assert "makes no secure connection" in outcome.said, outcome
    assert outcome.seconds < 3.5


COMMIT = {"path": "/commit/", "methods": ("POST",)}
STORAGE = {"path": "/lfs-storage/", "methods": ("PUT",)}
CREATE = {"path": "/api/repos/create", "methods": ("POST",)}
PUSHED = (
    Case("reset-before-headers", "push", times=1, **CREATE),
    Case("reset-before-headers", "push", times=1, **STORAGE),
    Case("close-before-headers", "push", times=1, **STORAGE),
    Case("stall-before-headers", "push", times=1, **STORAGE, seconds=8.0),
    Case("500", "push", times=1, **STORAGE),
    Case("503", "push", times=1, path="/objects/batch", methods=("POST",)),
    Case("429-retry-after", "push", times=1, path="/preupload/", methods=("POST",)),
    Case("reset-before-headers", "push", times=1, **COMMIT),  # it was made; the answer is lost
    Case("504", "push", times=1, **COMMIT),
)
NOT_PUSHED = (
    Case("401-wrong-token", "push", **COMMIT, says=("write access: hub_token",)),
    Case("403-forbidden", "push", **COMMIT, says=("write access: hub_token",)),
    Case("503", "push", **SHORT, **CREATE, says=("answers with 503, for 0.5 seconds",)),
    Case("503", "push", **SHORT, **COMMIT, says=("answers with 503, for 0.5 seconds",)),
    Case("reset-before-headers", "push", **SHORT, **STORAGE, says=("breaks off the connection",)),
    Case("stall-before-headers", "push", **SHORT, **STORAGE, says=("does not answer",)),
    Case("503", "push", **SHORT, **STORAGE, says=("answers with 503",)),
    Case("429-retry-after-an-hour", "push", **COMMIT, says=("asks to wait for 3600 seconds",)),
)


def push(place: Undisturbed, case: Case) -> tuple[str, Outcome]:
    """Push once while the fault lasts: the repository and the outcome."""
    folders = {"model": str(place.model), "data": str(place.data)}
    if "push" not in place.results:  # what is pushed is trained first
        place.results["push"] = place.reader.read("push", "ftspec-tests/first", 30, **folders)
    place.count += 1
    name = f"ftspec-tests/pushed-{place.count}"
    assert case.path is not None
    place.hub.misbehave_next(case.fault, case.times, case.path, case.methods)
    try:
        outcome = place.reader.read("push", name, case.patience, **folders)
        assert place.hub.faults.remaining() < case.times, "nothing was disturbed"
        return name, outcome
    finally:
        place.hub.reset()


@pytest.mark.parametrize("case", PUSHED, ids=lambda case: f"{case}-{case.path}")
def test_a_push_outlasts_a_fault_that_passes(case: Case, place: Undisturbed) -> None:
    name, outcome = push(place, case)
    assert outcome.said == "", outcome
    pushed = place.hub.repository("models", name).branch().folder
    found = {path.name: sha256_of(path) for path in pushed.iterdir() if path.name in outcome.result}
    assert found == outcome.result
    assert outcome.seconds < case.seconds


@pytest.mark.parametrize("case", NOT_PUSHED, ids=lambda case: f"{case}-{case.path}")
def test_a_push_that_cannot_be_made_ends_with_one_clear_error(
    case: Case, place: Undisturbed
) -> None:
    _, outcome = push(place, case)
    assert outcome.kind == "RunError", outcome
    for part in ("cannot push to", "--set training.push_to_hub=false", *case.says):
        assert part in outcome.said, outcome.said
    assert outcome.seconds < case.seconds


def test_a_renamed_repository_is_read(place: Undisturbed) -> None:
    name = place.repository()
    outcome = place.reader.read("model", name.partition("/")[2], 6.0)
    assert outcome.result == place.right_result("model"), outcome


def test_a_missing_revision_is_said_at_its_key(place: Undisturbed) -> None:
    outcome = place.reader.read("model", place.repository(), 6.0, revision="v9")
    assert 'has no revision "v9"' in outcome.said
