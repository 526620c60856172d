"""A tiny model of each family, rows for it, and an engine to run specs with an adapter."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest
import torch

sys.path.append(str(Path(__file__).parent))

import tiny
from adapter_runs import ARCHITECTURES, Engine, spec_of


@pytest.fixture(scope="session", autouse=True)
def quiet_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache that no earlier session filled, one thread, and no Hub."""
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTSPEC_CACHE", str(tmp_path_factory.mktemp("ftspec")))
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets"))
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT without a head."""
    return tiny.build("bert", tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2: its layers are no nn.Linear, its output layer is tied to the embeddings."""
    return tiny.build("gpt2", tmp_path_factory.mktemp("gpt2"))


@pytest.fixture(scope="session")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5."""
    return tiny.build("t5", tmp_path_factory.mktemp("t5"))


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of definitions, for every task."""
    return tiny.write_rows(tmp_path_factory.mktemp("rows") / "glosses.jsonl", tiny.glosses(80))


@pytest.fixture(params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> str:
    """Each family of models."""
    name: str = request.param
    return name


@pytest.fixture
def checkpoint(architecture: str, request: pytest.FixtureRequest) -> Path:
    """The folder of a model of that family."""
    folder: Path = request.getfixturevalue(architecture)
    return folder


@pytest.fixture
def spec(architecture: str, checkpoint: Path, rows: Path) -> str:
    """A spec of each family."""
    return spec_of(architecture, checkpoint, rows)


@pytest.fixture
def bert_spec(bert: Path, rows: Path) -> str:
    """The spec of the classifier."""
    return spec_of("bert", bert, rows)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Runs specs below the test's own folder."""
    return Engine(tmp_path)
