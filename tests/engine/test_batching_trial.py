"""The trial of split steps: a model that reads padding is padded, and the run says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    BartConfig,
    BertConfig,
    PretrainedConfig,
)

from ftspec.engine.trainer import padding
from ftspec.errors import RunError
from tests.engine.gradients import gradients_of
from tests.engine.odd_models import BIG_BIRD, FNET, LONGROPE, classifier, language_model
from tests.engine.running import Engine, Recorder
from tests.engine.specs import ACCUMULATED, AT_ONCE, PADDED, STANDING_STILL, TINY, spec_of

PADDED_NOTE = "batches are padded, not split by length"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known from trials of other tests."""
    monkeypatch.setenv("FTSPEC_CACHE", str(tmp_path / "cache"))


def test_a_model_that_reads_padding_learns_what_padded_batches_teach(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    spec = classifier(request, tmp_path / "fnet", FNET)
    watcher = Recorder()
    run_dir = engine.execute(spec, *ACCUMULATED, *STANDING_STILL, watcher=watcher).run_dir
    said = [note for note in watcher.notes if note.startswith(PADDED_NOTE)]
    batching = json.loads((run_dir.path / "performance.json").read_text("utf-8"))["batching"]

    assert len(said) == 1
    assert (batching["way"], batching["form"]) == ("padded", "padded")
    assert batching["difference_from_padded"]["gradient"] > 1e-3
    ours = gradients_of(engine.compile(spec, *ACCUMULATED, *STANDING_STILL).trainer)
    theirs = gradients_of(engine.compile(spec, *ACCUMULATED, *STANDING_STILL, PADDED).trainer)
    for own, other in zip(ours, theirs, strict=True):
        assert all(torch.equal(own[name], other[name]) for name in other)


def test_a_grouped_run_evaluates_such_a_model_in_order(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    spec = classifier(request, tmp_path / "fnet", FNET)
    trainer = engine.compile(spec, *AT_ONCE, "performance.batching=grouped").trainer

    assert trainer.batching == "grouped"
    assert not trainer.evaluates_by_length


def test_a_trial_leaves_the_model_as_it_was(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A short row would let a BigBird compute full attention for good."""
    spec = classifier(request, tmp_path / "big_bird", BIG_BIRD)
    before = AutoModelForSequenceClassification.from_pretrained(tmp_path / "big_bird")
    run = engine.compile(spec, *AT_ONCE)
    model: Any = run.model

    assert run.trainer.padding_difference is not None
    assert model.bert.attention_type == "block_sparse"
    assert model.bert.encoder.layer[0].attention.attention_type == "block_sparse"
    assert all(parameter.grad is None for parameter in model.parameters())
    weights = before.bert.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in model.bert.state_dict().items())


def test_nothing_is_tried_again(
    engine: Engine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(request, "summarization")
    first = engine.compile(spec, *AT_ONCE).trainer.padding_difference
    monkeypatch.setattr(padding, "Trial", None)
    again = engine.compile(spec, *AT_ONCE).trainer.padding_difference

    assert first is not None
    assert again == first


def test_the_weights_of_a_new_model_show_what_it_reads(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    """With the small weights that it starts from, padding changes next to nothing."""
    bert = request.getfixturevalue("bert")
    spec = spec_of(request, "single-label")
    start = spec.index("model: {")
    own = (
        "model: {init: random, architecture: fnet, config: {hidden_size: 32, num_hidden_layers: 2, "
        "intermediate_size: 64, hidden_dropout_prob: 0.0}}\n"
    )
    spec = spec[:start] + own + spec[spec.index("task: {") :]
    spec = spec.replace("tokenizer: {", f'tokenizer: {{checkpoint: "{bert}", ')
    trainer = engine.compile(spec, *AT_ONCE).trainer

    assert trainer.batching == "padded"


def test_the_longest_row_of_a_batch_must_not_change_the_others(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    trainer = engine.compile(
        language_model(request, tmp_path / "model", LONGROPE), *AT_ONCE
    ).trainer

    assert trainer.batching == "padded"
    assert trainer.padding_difference is not None
    assert trainer.padding_difference.largest > 1e-3


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (
            BartConfig(
                vocab_size=1000,
                d_model=32,
                decoder_layers=2,
                decoder_attention_heads=2,
                decoder_ffn_dim=64,
                max_position_embeddings=64,
            ),
            "compares the output at each position with the token at the same position",
        ),
        (BertConfig(**TINY, max_position_embeddings=64), "depend on the tokens that follow"),
    ],
    ids=["does not shift", "sees what follows"],
)
def test_a_model_that_would_learn_to_copy_is_refused(
    engine: Engine,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    config: PretrainedConfig,
    why: str,
) -> None:
    spec = language_model(request, tmp_path / "model", config)
    with pytest.raises(RunError, match=why) as caught:
        engine.compile(spec, *AT_ONCE)
    assert caught.value.slug == "not-causal"


def test_as_a_decoder_it_learns_the_next_token(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    config = BertConfig(**TINY, max_position_embeddings=64)
    spec = language_model(request, tmp_path / "model", config)

    trainer = engine.compile(spec, *AT_ONCE, "model.config.is_decoder=true").trainer

    assert trainer.padding_difference is not None
