"""Tiny models, real text, and an engine to run specs with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest
import torch

from tests.engine import rows, tiny
from tests.engine.running import Engine
from tests.hub import prose


@pytest.fixture(scope="session", autouse=True)
def quiet_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of data sets that no earlier session filled, and one thread: tiny matrices are slower
    on two, and sums come in the same order each time."""
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        cache = tmp_path_factory.mktemp("datasets")
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny BERT; dropout 0.1."""
    texts = [row["text"] for row in prose.glosses("train")]
    return tiny.build_bert(tmp_path_factory.mktemp("models") / "bert", texts)


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny GPT-2; dropout 0.1."""
    return tiny.build_gpt2(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny T5; dropout 0.1."""
    return tiny.build_t5(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def glosses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of definitions for every problem of text classification."""
    return rows.write_rows(tmp_path_factory.mktemp("rows") / "glosses.jsonl", rows.glosses(200))


@pytest.fixture(scope="session")
def summaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of paragraphs and their first sentences."""
    file = tmp_path_factory.mktemp("rows") / "summaries.jsonl"
    return rows.write_rows(file, rows.summaries(120))


@pytest.fixture(scope="session")
def paragraphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of paragraphs."""
    file = tmp_path_factory.mktemp("rows") / "paragraphs.jsonl"
    return rows.write_rows(file, rows.paragraphs(120))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Compiles and executes specs in this process, below the test's own folder."""
    return Engine(tmp_path)
