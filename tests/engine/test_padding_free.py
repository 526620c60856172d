"""Micro-batches without padding learn what the padded batch learns, and are computed only where
that is faster and valid.

Kernels need a GPU. All the rest is tested here on a CPU: variable-length attention computes one row
after the other, and ``sdpa`` keeps packed rows apart by their positions.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    BloomConfig,
    MambaConfig,
    PretrainedConfig,
    Qwen2MoeConfig,
)

from ftspec.engine.batching.micro_batches import rows_of, split_rows, split_to_fit
from ftspec.engine.batching.packed_sequence import is_packed, pack, take_rows
from ftspec.engine.batching.token_counts import TokenCounts
from ftspec.engine.model import variable_length_attention
from ftspec.engine.model.unpadding import find_layers, first_layer
from ftspec.engine.trainer import packing, padding
from ftspec.engine.trainer.equivalence import reason_rows_mix
from ftspec.engine.trainer.packing import reason_to_pad, takes_any_length
from ftspec.engine.trainer.padding import settle_padding
from tests.engine.gradients import assert_equal, gradients_of
from tests.engine.running import Engine, Recorder
from tests.engine.specs import (
    ACCUMULATED,
    AT_ONCE,
    CONFIGS,
    LLAMA,
    MISTRAL,
    PADDED,
    SMOOTHED,
    STANDING_STILL,
    TINY,
    spec_of,
    with_model,
)

pytestmark = pytest.mark.kernels

IGNORED = -100


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known from trials of other tests."""
    monkeypatch.setenv("FTSPEC_CACHE", str(tmp_path / "cache"))


FLASH = ("flash_attention_2", "flash_attention_3", "kernels-community/flash-attn3")
OTHERS = (None, "eager", "sdpa", "flex_attention", "paged|flash_attention_2")

VARIABLE_LENGTH: tuple[str, ...] = ()
BY_POSITIONS = ("model.config.attn_implementation=sdpa",)

Ways = tuple[tuple[tuple[str, ...], bool], ...]
"""Settings, and whether each step is one batch under them."""

IN_PARTS = ((ACCUMULATED, False),)  # no more at once than a batch of the spec
EVERY_WAY: Ways = (
    (AT_ONCE, True),
    *IN_PARTS,
    ((*AT_ONCE, "performance.max_tokens_per_device=150"), False),
)


def padded_batch() -> dict[str, torch.Tensor]:
    """Rows of three, one and four tokens; the first has a prompt that is not learned."""
    ids = torch.tensor([[5, 6, 7, 0], [8, 0, 0, 0], [9, 10, 11, 12]])
    mask = ids.ne(0).long()
    labels = ids.masked_fill(mask.eq(0), IGNORED)
    labels[0, :2] = IGNORED
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def test_rows_are_one_packed_sequence() -> None:
    packed = pack(padded_batch())

    assert packed["input_ids"].tolist() == [[5, 6, 7, 8, 9, 10, 11, 12]]
    assert packed["position_ids"].tolist() == [[0, 1, 2, 0, 0, 1, 2, 3]]
    # the first token of a row is not predicted from the row before
    assert packed["labels"].tolist() == [[IGNORED, IGNORED, 7, IGNORED, IGNORED, 10, 11, 12]]
    assert packed["cu_seq_lens_q"].tolist() == packed["cu_seq_lens_k"].tolist() == [0, 3, 4, 8]
    assert packed["max_length_q"] == packed["max_length_k"] == 4


def test_padding_may_be_on_the_left() -> None:
    batch = {name: value.flip(1) for name, value in padded_batch().items()}

    assert pack(batch)["position_ids"].tolist() == [[0, 1, 2, 0, 0, 1, 2, 3]]


def test_a_packed_batch_is_split_between_rows() -> None:
    packed = pack(padded_batch())
    rows = [take_rows(packed, (row, row + 1)) for row in range(3)]

    assert rows_of(packed) == 3
    assert [row["input_ids"].tolist() for row in rows] == [[[5, 6, 7]], [[8]], [[9, 10, 11, 12]]]
    assert [row["max_length_q"] for row in rows] == [3, 1, 4]
    assert all(is_packed(row) and row["position_ids"][0, 0] == 0 for row in rows)
    assert [rows_of(part) for part in split_rows(packed, 2)] == [1, 2]
    for most, sizes in ((8, [8]), (7, [3, 5]), (4, [4, 4]), (1, [3, 1, 4])):
        parts = split_to_fit(packed, ("input_ids",), most)
        assert [part["input_ids"].numel() for part in parts] == sizes
        assert torch.cat([part["input_ids"] for part in parts], 1).equal(packed["input_ids"])


def test_a_packed_batch_counts_as_its_rows() -> None:
    counts = TokenCounts()
    counts.add(pack(padded_batch()), ("input_ids",))

    assert (counts.rows, counts.batches, counts.real, counts.padded) == (3, 1, 8, 8)
    assert counts.squares == 9 + 1 + 16


VALID: dict[str, Any] = {
    "auto_model": "AutoModelForCausalLM",
    "has_layers": False,
    "has_own_trainer": False,
    "is_compiled": False,
    "is_sharded": False,
    "devices": 1,
    "names": ["labels", "input_ids", "attention_mask"],
}

ENCODER = {"auto_model": "AutoModelForSequenceClassification", "has_layers": True}


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({}, None),
        ({"devices": 0}, None),
        ({"auto_model": "AutoModelForSequenceClassification"}, "no single stack of layers"),
        ({"auto_model": "AutoModelForTokenClassification"}, "no single stack of layers"),
        ({"auto_model": "AutoModelForSeq2SeqLM"}, "no single stack of layers"),
        ({"has_own_trainer": True}, "a Trainer of its own"),
        ({"names": ["input_ids", "labels"]}, "more than tokens and labels"),
        ({"names": ["input_ids", "labels", "position_ids"]}, "more than tokens and labels"),
        ({"names": [*VALID["names"], "token_type_ids"]}, "more than tokens and labels"),
        ({"is_compiled": True}, "few different lengths"),
        ({"is_sharded": True}, "weights are sharded"),
        ({"devices": 2}, "several devices"),
        (ENCODER, None),
        ({**ENCODER, "has_own_trainer": True, "names": ["input_ids", "labels"]}, None),
        ({**ENCODER, "auto_model": "AutoModelForMaskedLM"}, "computes as much as its layers"),
        ({**ENCODER, "is_compiled": True}, "few different lengths"),
        ({**ENCODER, "is_sharded": True}, "weights are sharded"),
        ({**ENCODER, "devices": 2}, "several devices"),
    ],
)
def test_why_micro_batches_are_padded(facts: dict[str, Any], why: str | None) -> None:
    reason = reason_to_pad(**{**VALID, **facts})

    assert (reason is None) if why is None else (why in str(reason))


@pytest.mark.parametrize(
    ("attention", "takes"), [*((name, True) for name in FLASH), *((one, False) for one in OTHERS)]
)
def test_only_flash_attention_takes_any_length(attention: str | None, takes: bool) -> None:
    assert takes_any_length(attention) is takes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "are_apart"),
    [
        (None, True),
        (LLAMA, True),
        (MISTRAL, True),
        # takes its positions from the attention mask
        (BloomConfig(vocab_size=1000, hidden_size=32, n_layer=2, n_head=2), False),
        # carries its state on into the next row
        (MambaConfig(vocab_size=1000, hidden_size=32, num_hidden_layers=2, state_size=8), False),
    ],
    ids=["gpt2", "llama", "mistral", "bloom", "mamba"],
)
def test_a_model_is_tried(
    engine: Engine,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    gpt2: Path,
    config: PretrainedConfig | None,
    are_apart: bool,
) -> None:
    spec = spec_of(request, "rows of text")
    if config is not None:
        spec = with_model(spec, gpt2, tmp_path / "model", config)
    for precision in ("fp32", "bf16"):
        settings = (*AT_ONCE, f"performance.precision={precision}")
        trainer: Any = engine.compile(spec, *settings).trainer
        trainer.model.train()

        assert (reason_rows_mix(trainer) is None) is are_apart
        assert trainer.model.training


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "attention", "smoothing", "ways"),
    [
        pytest.param("gpt2", VARIABLE_LENGTH, (), EVERY_WAY, id="gpt2"),
        pytest.param("gpt2", VARIABLE_LENGTH, (SMOOTHED,), IN_PARTS, id="gpt2, smoothed"),
        pytest.param("llama", VARIABLE_LENGTH, (), IN_PARTS, id="llama"),
        pytest.param("mistral", VARIABLE_LENGTH, (), IN_PARTS, id="mistral"),
        pytest.param("gpt2", BY_POSITIONS, (), EVERY_WAY, id="gpt2 by positions"),
        pytest.param(
            "llama", BY_POSITIONS, (SMOOTHED,), IN_PARTS, id="llama by positions, smoothed"
        ),
    ],
)
def test_the_gradient_is_that_of_the_padded_batch(
    engine: Engine,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    gpt2: Path,
    model: str,
    attention: tuple[str, ...],
    smoothing: tuple[str, ...],
    ways: Ways,
) -> None:
    spec = spec_of(request, "rows of text")
    more = [*STANDING_STILL, *smoothing, *attention]
    if model in CONFIGS:
        spec = with_model(spec, gpt2, tmp_path / "model", CONFIGS[model])
    padded = gradients_of(engine.compile(spec, *AT_ONCE, *more, PADDED).trainer)
    for settings, is_at_once in ways:
        trainer: Any = engine.compile(spec, *settings, *more).trainer
        assert trainer.pads is (attention is BY_POSITIONS)
        trainer.micro_batching.form = "packed"

        assert_equal(gradients_of(trainer), padded)
        counts = trainer.token_counts
        assert counts.rows == len(trainer.train_dataset)
        assert counts.real == counts.padded
        assert (counts.batches == len(padded)) is is_at_once


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "smoothing", "ways"),
    [
        ("single-label", (), EVERY_WAY),
        ("single-label", (SMOOTHED,), IN_PARTS),
        ("multi-label", (), IN_PARTS),
        ("regression", (), IN_PARTS),
        ("pairs", (), IN_PARTS),
    ],
)
def test_so_it_is_where_layers_get_text_alone(
    engine: Engine,
    request: pytest.FixtureRequest,
    case: str,
    smoothing: tuple[str, ...],
    ways: Ways,
) -> None:
    spec = spec_of(request, case)
    more = (*STANDING_STILL, *smoothing)
    padded = gradients_of(engine.compile(spec, *AT_ONCE, *more, PADDED).trainer)
    for settings, is_at_once in ways:
        trainer: Any = engine.compile(spec, *settings, *more).trainer
        assert trainer.micro_batching.form == "packed_layers"
        shapes: list[tuple[int, ...]] = []
        first_layer(find_layers(trainer.model)).register_forward_pre_hook(  # type: ignore[arg-type]
            lambda layer, given, shapes=shapes: shapes.append(given[0].shape)
        )

        assert_equal(gradients_of(trainer), padded)
        counts = trainer.token_counts
        assert counts.rows == len(trainer.train_dataset)
        assert counts.real == counts.padded == sum(rows * tokens for rows, tokens, _ in shapes)
        assert (counts.batches == len(padded)) is is_at_once


@pytest.mark.slow
def test_a_packed_batch_too_large_for_the_memory_is_split(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    spec = spec_of(request, "rows of text")
    settings = (*AT_ONCE, *STANDING_STILL)
    undisturbed = gradients_of(engine.compile(spec, *settings).trainer)
    trainer: Any = engine.compile(spec, *settings).trainer
    trainer.micro_batching.form = "packed"
    sizes: list[int] = []

    def run_out(module: Any, arguments: Any, inputs: dict[str, torch.Tensor]) -> None:
        sizes.append(inputs["input_ids"].numel())
        if sizes[-1] > 100:
            torch.empty(1 << 50)

    trainer.model.register_forward_pre_hook(run_out, with_kwargs=True)

    assert_equal(gradients_of(trainer), undisturbed)
    assert max(sizes) > 100
    assert trainer.token_counts.rows == len(trainer.train_dataset)


@pytest.mark.slow
def test_a_run_says_what_it_does(
    engine: Engine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of an attention decides here, without its kernel; the model is tried with sdpa."""
    spec = spec_of(request, "rows of text")
    trainer: Any = engine.compile(spec, *AT_ONCE, *BY_POSITIONS).trainer

    def settle(*, is_compiled: bool) -> str | None:
        return settle_padding(
            trainer, "AutoModelForCausalLM", is_compiled=is_compiled, keeps_attention=True
        )

    assert settle(is_compiled=False) is None
    assert trainer.pads
    for module in (packing, padding):
        monkeypatch.setattr(module, "attention_of", lambda model: "flash_attention_2")
    said = settle(is_compiled=True)
    assert said == "micro-batches are padded: a compiled model takes few different lengths"
    assert trainer.pads
    said = settle(is_compiled=False)
    assert said == "micro-batches are packed: flash_attention_2 takes rows of any length"
    assert not trainer.pads
    trainer.train()
    assert trainer.token_counts.padded == trainer.token_counts.real


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "more", "attention"),
    [
        ("rows of text", (), "variable_length"),
        ("rows of text", BY_POSITIONS, "sdpa"),
        ("rows of text", ("model.config.attn_implementation=eager",), "eager"),
        ("rows of text", (PADDED,), "sdpa"),
        ("packed text", (), "sdpa"),  # all blocks are of one length
        ("single-label", (), "variable_length"),
        ("single-label", (PADDED,), "sdpa"),
        ("summarization", (), "sdpa"),
    ],
)
def test_variable_length_attention_where_it_saves_padding(
    engine: Engine,
    request: pytest.FixtureRequest,
    case: str,
    more: tuple[str, ...],
    attention: str,
) -> None:
    watcher = Recorder()
    spec = spec_of(request, case)
    run_dir = engine.execute(spec, *AT_ONCE, *more, watcher=watcher).run_dir.path

    lock = json.loads((run_dir / "lock.json").read_text(encoding="utf-8"))
    said = ": variable-length attention takes rows of any length"
    assert lock["attention"] == attention
    assert any(said in note for note in watcher.notes) is (attention == "variable_length")
    assert (lock["micro_batch_overhead_tokens"] is None) is (
        attention == "variable_length" or PADDED in more
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "fault", "why"),
    [
        ("rows of text", "rows mix", "the model or its loss sees packed rows as one row"),
        (
            "rows of text",
            "an error",
            "packed rows cannot be computed here: heads are too wide",
        ),
        (
            "single-label",
            "rows mix",
            "the model gives other results where its layers compute text alone",
        ),
        ("single-label", "an error", "its layers cannot compute text alone: heads are too wide"),
        ("single-label", "a mask of its own", "its layers still compute padding"),
    ],
)
def test_a_model_that_is_refused_keeps_its_attention(
    engine: Engine,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
    fault: str,
    why: str,
) -> None:
    """As one would be that has a window of its own, or heads that the kernel does not take."""
    attend = variable_length_attention._attend_row_by_row

    def go_wrong(*line: Any) -> torch.Tensor:
        if fault == "an error":
            raise ValueError("heads are too wide")
        query, key, value, edges, *rest = line
        return attend(query, key, value, edges[[0, -1]], *rest)

    if fault == "a mask of its own":
        monkeypatch.setattr(variable_length_attention, "bidirectional_mask_function", None)
    else:
        monkeypatch.setattr(variable_length_attention, "_attend_row_by_row", go_wrong)
    watcher = Recorder()
    outcome = engine.execute(spec_of(request, case), *AT_ONCE, watcher=watcher)

    lock = json.loads((outcome.run_dir.path / "lock.json").read_text(encoding="utf-8"))
    assert lock["attention"] == "sdpa"
    assert lock["micro_batch_overhead_tokens"] is not None
    assert f"micro-batches are padded: {why}" in watcher.notes


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_window_shows_in_the_trial(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path, gpt2: Path, precision: str
) -> None:
    """A model that passes its window to masks alone, where variable-length attention does not see
    it."""
    config = Qwen2MoeConfig(
        **TINY,
        num_key_value_heads=1,
        num_experts=2,
        num_experts_per_tok=1,
        moe_intermediate_size=32,
        shared_expert_intermediate_size=32,
        use_sliding_window=True,
        sliding_window=16,
        max_window_layers=2,  # the first of two has a window
    )
    spec = with_model(spec_of(request, "rows of text"), gpt2, tmp_path / "model", config)
    trainer: Any = engine.compile(spec, *AT_ONCE, f"performance.precision={precision}").trainer

    assert trainer.pads
    assert trainer.model.config._attn_implementation == "sdpa"


@pytest.mark.slow
def test_what_padded_batches_give_stays(engine: Engine, request: pytest.FixtureRequest) -> None:
    """Evaluation and generation, whose batches are padded, on either side."""
    spec = spec_of(request, "rows of text")
    run = engine.compile(spec, *AT_ONCE)
    model: Any = run.trainer.model.eval()
    batch = padded_batch()
    prompts = {name: batch[name].flip(1) for name in ("input_ids", "attention_mask")}
    found = []
    for attention in ("variable_length", "sdpa"):
        model.set_attn_implementation(attention)
        with torch.no_grad():
            logits = model(**batch).logits[batch["attention_mask"].bool()]
        written = model.generate(**prompts, max_new_tokens=5, do_sample=False, pad_token_id=0)
        found.append((logits, written))

    (ours, text), (theirs, other_text) = found
    torch.testing.assert_close(ours, theirs)
    assert text.equal(other_text)
