"""Slow commands run two at a time, and start before the tests that need them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli import specs
from tests.cli.command import ONE_THREAD, SPECS, Done, own_environment
from tests.cli.warm import Warm

Start = Callable[..., "Future[Any]"]


@dataclass(frozen=True)
class SmokeRun:
    """The run of a spec of the repository with its smoke profile."""

    done: Done
    run_dir: Path

    def read_json(self, name: str) -> Any:
        return json.loads((self.run_dir / name).read_text(encoding="utf-8"))


SmokeRuns = Callable[[str], "Future[SmokeRun]"]


@pytest.fixture(scope="session")
def start() -> Iterator[Start]:
    """Start a function in the background: `start(function, *arguments).result()`."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield pool.submit
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a command without a Hub, with its own cache."""
    return own_environment(HF_HOME=str(tmp_path_factory.mktemp("local_home")))


@pytest.fixture(scope="session")
def online(hub_environment: dict[str, str]) -> dict[str, str]:
    """The environment of a command that uses the loopback Hub."""
    return hub_environment | ONE_THREAD


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Runs commands without repeating the imports, in the environments above."""
    with closing(Warm()) as runs:
        yield runs


@pytest.fixture(scope="session")
def closed_endpoint() -> Iterator[str]:
    """The address of a Hub that refuses connections: the port is bound, but nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture(scope="session")
def smoke_runs(
    start: Start,
    request: pytest.FixtureRequest,
    warm: Warm,
    tmp_path_factory: pytest.TempPathFactory,
) -> SmokeRuns:
    """The smoke run of a spec by the name of its file. Starts on first use; all tests share it.

    The Hub is built only for specs that need it.
    """
    parent = tmp_path_factory.mktemp("smoke")
    started: dict[str, Future[SmokeRun]] = {}

    def smoke(name: str) -> Future[SmokeRun]:
        if name not in started:
            environment = "local" if name == "quickstart" else "online"
            env = request.getfixturevalue(environment)
            started[name] = start(_run_smoke, warm, name, parent / name, env)
        return started[name]

    return smoke


def selected(request: pytest.FixtureRequest, test: str, parameter: str) -> list[Any]:
    """The values of a parameter that the selected tests use, in order.

    The test must be in the module of the caller: pytest-xdist may run other modules in another
    process.
    """
    items: list[Any] = request.session.items
    return [
        item.callspec.params[parameter]
        for item in items
        if getattr(item, "originalname", "") == test
    ]


def _run_smoke(warm: Warm, name: str, output_dir: Path, env: dict[str, str]) -> SmokeRun:
    spec = SPECS / f"{name}.yaml"
    done = warm.ftspec("run", spec, "--profile", "smoke", "--output-dir", output_dir, env=env)
    assert done.code == 0, done.said
    [run_dir] = output_dir.glob("*/*")
    return SmokeRun(done, run_dir)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data of the small spec. Tests add their own specs to it."""
    folder = tmp_path_factory.mktemp("small")
    specs.write_data(folder)
    return folder


@pytest.fixture
def small_spec(tmp_path: Path) -> Path:
    """A spec without errors, with its data, in its own folder."""
    specs.write_data(tmp_path)
    path = tmp_path / "small.yaml"
    path.write_text(specs.CLASSIFIER, encoding="utf-8")
    return path
