"""A tiny model of each family, rows for it, and plans of specs with an adapter."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from ftspec.api import Plan
from ftspec.testing.runs import isolated_machine, plan_spec

sys.path.append(str(Path(__file__).parent))

import tiny
from adapter_runs import ARCHITECTURES, PlanOf, spec_of


@pytest.fixture(scope="session", autouse=True)
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """New caches, one thread, and no Hub."""
    with isolated_machine(tmp_path_factory.mktemp("machine")):
        yield


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
def plan_of(tmp_path: Path) -> PlanOf:
    """The plan of a spec without errors."""

    def plan(
        text: str, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> Plan:
        return plan_spec(
            text, tmp_path / "runs", overrides=overrides, environment=environment or {}
        )

    return plan
