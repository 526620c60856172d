"""Pytest fixtures for the loopback Hub; load with `pytest_plugins = ["tests.hub.fixtures"]`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.server import HubServer

# What the caller's own environment says about the Hub must not reach the processes under test.
FOREIGN_PREFIXES = ("HF_", "HUGGING", "TRANSFORMERS_", "DISABLE_SAFETENSORS_CONVERSION")
FOREIGN_NAMES = {
    "ALL_PROXY",
    "FTSPEC_CACHE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "XDG_CACHE_HOME",
}


def environment_for(hub: HubServer, home: Path) -> dict[str, str]:
    """The whole environment for a process whose only Hub is `hub` and whose cache is `home`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN_PREFIXES) and name.upper() not in FOREIGN_NAMES
    }
    return kept | {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # The client prefers Xet, whose protocol this hub doesn't speak; without it uploads take
        # the LFS path.
        "HF_HUB_DISABLE_XET": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        # Everything that isn't the hub itself goes to it as to a proxy, which notes and refuses
        # it: `datasets` asks for the host `datasets-server.127.0.0.1` at each load, transformers
        # for the safetensors conversion, and neither may wait for a name server.
        "HTTP_PROXY": hub.endpoint,
        "HTTPS_PROXY": hub.endpoint,
        "NO_PROXY": "127.0.0.1,localhost",
    }


def build_hub(root: Path) -> None:
    """Write every model and dataset repository under `root`."""
    # Here and not above: torch and datasets take seconds to import, and most tests need no hub.
    from tests.hub import corpora, models, prose

    pairs = prose.docstrings(600)
    english = [text for pair in pairs for text in pair]
    french = [text for pair in prose.english_french_pairs() for text in pair.values()]
    bangla = [text for pair in prose.bangla_pairs() for text in pair.values()]
    topics = [text for topic in prose.python_topics() for _, text in topic]
    models.build_bert(root)
    models.build_gpt2(root, texts=topics)
    models.build_t5(root, texts=english + french)
    models.build_mt5(root, texts=bangla + french)
    corpora.build_datasets(root)


@pytest.fixture(scope="session")
def hub_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the session's hub serves, with all repositories in it."""
    root = tmp_path_factory.mktemp("hub")
    build_hub(root)
    return root


@pytest.fixture(scope="session")
def hub(hub_root: Path) -> Iterator[HubServer]:
    """The running hub. It is shared: a test that injects faults ends with `hub.reset()`."""
    with HubServer(hub_root) as server:
        yield server


@pytest.fixture
def empty_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A running hub of the test's own, without repositories, to commit to."""
    with HubServer(tmp_path_factory.mktemp("empty_hub")) as server:
        yield server


@pytest.fixture(scope="session")
def hub_environment(hub: HubServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment for `subprocess.run(…, env=hub_environment)`; one cache for the session."""
    return environment_for(hub, tmp_path_factory.mktemp("hf_home"))
