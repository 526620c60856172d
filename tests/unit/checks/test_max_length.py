"""The maximum length of rows, as far as it is known without a download."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from transformers import CONFIG_MAPPING

from ftspec.checks.max_length import OF_ARCHITECTURE
from tests.unit.conftest import Diagnose

KNOWN = {
    "google-bert/bert-base-uncased": 512,
    "bert-large-cased": 512,
    "google/bert_uncased_L-2_H-128_A-2": 512,
    "distilbert/distilbert-base-uncased": 512,
    "FacebookAI/roberta-large": 512,
    "FacebookAI/xlm-roberta-base": 512,
    "distilroberta-base": 512,
    "albert/albert-base-v2": 512,
    "google/electra-small-discriminator": 512,
    "microsoft/deberta-v3-small": 512,
    "sentence-transformers/all-MiniLM-L6-v2": 512,
    "gpt2": 1024,
    "openai-community/gpt2-xl": 1024,
    "distilbert/distilgpt2": 1024,
    "facebook/bart-large-cnn": 1024,
    "Helsinki-NLP/opus-mt-en-fr": 512,
    "EleutherAI/pythia-70m": 2048,
    "facebook/opt-125m": 2048,
}


def with_length(spec: str, checkpoint: str, length: int) -> str:
    return spec.replace("acme/bert", checkpoint) + f"tokenizer: {{max_length: {length}}}\n"


@pytest.mark.parametrize(("checkpoint", "limit"), KNOWN.items())
def test_limit_of_a_well_known_name(
    checkpoint: str, limit: int, diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(with_length(minimal_spec, checkpoint, limit)) == []
    assert diagnose(with_length(minimal_spec, checkpoint, limit + 1)) == ["11:25 max-length"]


@pytest.mark.parametrize(
    "checkpoint",
    [
        "acme/bert-base-uncased",
        "google-t5/t5-small",
        "Helsinki-NLP/opus-mt-tc-big-en-fr",
        "bigscience/bloom-560m",
        "gpt2-of-mine",
    ],
)
def test_limit_of_another_name_is_not_known(
    checkpoint: str, diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(with_length(minimal_spec, checkpoint, 1_000_000)) == []


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that must not be imported, with a model in it."""
    folder = tmp_path / "acme_package_of_a_test"
    (folder / "model").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "inner").mkdir()
    (folder / "inner" / "__init__.py").write_text("")
    (folder / "model" / "config.json").write_text(
        '{"model_type": "bert", "max_position_embeddings": 32}'
    )
    monkeypatch.syspath_prepend(tmp_path)
    return folder


@pytest.mark.parametrize(("length", "findings"), [(32, []), (33, ["11:25 max-length"])])
def test_limit_of_a_model_in_a_package(
    length: int, findings: list[str], package: Path, diagnose: Diagnose, minimal_spec: str
) -> None:
    checkpoint = f"package:{package.name}/model"
    assert diagnose(with_length(minimal_spec, checkpoint, length)) == findings
    assert package.name not in sys.modules


@pytest.mark.parametrize("written", ["{name}.inner/model", "{name}/gone", "no_such_package/x", "/"])
def test_package_without_a_model_is_the_run_s_affair(
    written: str, package: Path, diagnose: Diagnose, minimal_spec: str
) -> None:
    checkpoint = "package:" + written.format(name=package.name)
    assert diagnose(with_length(minimal_spec, checkpoint, 9_999)) == []
    assert package.name not in sys.modules


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"max_position_embeddings": "x"}']
)
def test_broken_configuration_is_borne(
    content: bytes, diagnose: Diagnose, minimal_spec: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_bytes(content)
    text = with_length(minimal_spec, ".", 9_999)
    assert diagnose(text, path=tmp_path / "spec.yaml") == []


def test_override_counts_for_an_unknown_checkpoint(diagnose: Diagnose, minimal_spec: str) -> None:
    override = "acme/bert, config: {max_position_embeddings: 40}"
    assert diagnose(with_length(minimal_spec, override, 40)) == []
    assert diagnose(with_length(minimal_spec, override, 41)) == ["11:25 max-length"]


@pytest.mark.parametrize(("architecture", "positions"), OF_ARCHITECTURE.items())
def test_positions_of_a_new_configuration_are_those_of_transformers(
    architecture: str, positions: int
) -> None:
    assert CONFIG_MAPPING[architecture]().max_position_embeddings == positions


@pytest.mark.parametrize(
    ("config", "length", "places"),
    [
        ("{}", 1024, []),
        ("{}", 1025, ["12:25 max-length"]),
        ("{n_positions: 2000}", 2000, []),
        ("{max_position_embeddings: 2000}", 2001, ["12:25 max-length"]),
    ],
)
def test_limit_of_an_architecture(
    config: str, length: int, places: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    model = "{init: random, architecture: gpt2}"
    spec = minimal_spec.replace("{checkpoint: acme/bert}", model)
    spec = spec.replace("gpt2}", f"gpt2, config: {config}}}")
    tokenizer = f"seed: 1\ntokenizer: {{max_length: {length}, type: train, algorithm: bpe}}\n"
    assert diagnose(spec + tokenizer) == places
