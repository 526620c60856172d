"""The formula beside what torch counts, operation by operation."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)

from ftspec.engine.batching.token_counts import TokenCounts
from ftspec.engine.run.accounting.arithmetic import flop_of, measure_matmul

ROWS, LENGTH, TARGETS = 4, 48, 16


def bert() -> PreTrainedModel:
    config = BertConfig(
        vocab_size=900, hidden_size=128, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=512, max_position_embeddings=64, attn_implementation="eager",
    )  # fmt: skip
    return BertForSequenceClassification(config)


def gpt2() -> PreTrainedModel:
    config = GPT2Config(
        vocab_size=900, n_embd=128, n_layer=3, n_head=4, n_positions=64, attn_implementation="eager"
    )
    return GPT2LMHeadModel(config)


def t5() -> PreTrainedModel:
    config = T5Config(
        vocab_size=900, d_model=128, d_kv=32, d_ff=512, num_layers=3, num_heads=4,
        decoder_start_token_id=0, attn_implementation="eager",
    )  # fmt: skip
    return T5ForConditionalGeneration(config)


def batch_for(model: PreTrainedModel) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    ids = torch.randint(5, 900, (ROWS, LENGTH))
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if isinstance(model, BertForSequenceClassification):
        return batch | {"labels": torch.zeros(ROWS, dtype=torch.long)}, ("input_ids",)
    if isinstance(model, T5ForConditionalGeneration):
        targets = torch.randint(5, 900, (ROWS, TARGETS))
        return batch | {"labels": targets}, ("input_ids", "labels")
    return batch | {"labels": ids}, ("input_ids",)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("make", [bert, gpt2, t5])
def test_formula_is_near_what_torch_counts(make: type[PreTrainedModel], frozen: bool) -> None:
    torch.manual_seed(0)
    model = make().train()
    if frozen:  # as with an adapter: the weights of the last layer alone are learned
        names = [name for name, _ in model.named_parameters()]
        for name, parameter in model.named_parameters():
            parameter.requires_grad = ".0." in name or name in names[:2]
    batch, columns = batch_for(model)
    with FlopCounterMode(display=False) as counter:
        model(**batch).loss.backward()
    counts = TokenCounts()
    counts.add(batch, columns)
    assert flop_of(model, counts) == pytest.approx(counter.get_total_flops(), rel=0.2)


def test_padding_is_computed_too() -> None:
    model = bert()
    batch, columns = batch_for(model)
    batch["attention_mask"][:, LENGTH // 2 :] = 0
    counts = TokenCounts()
    counts.add(batch, columns)
    whole = TokenCounts()
    whole.add(batch | {"attention_mask": torch.ones(ROWS, LENGTH)}, columns)
    assert counts.real == whole.real // 2
    assert flop_of(model, counts) == flop_of(model, whole)


def test_a_copy_of_the_counts_stays_as_it_was() -> None:
    batch, columns = batch_for(t5())
    counts = TokenCounts()
    counts.add(batch, columns)
    copy = replace(counts)
    counts.add(batch, columns)
    assert copy.padded_in == {"input_ids": ROWS * LENGTH, "labels": ROWS * TARGETS}
    assert counts.padded_in == {"input_ids": 2 * ROWS * LENGTH, "labels": 2 * ROWS * TARGETS}
    assert copy.squares == ROWS * (LENGTH**2 + TARGETS**2)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_matrix_product_is_measured(precision: str) -> None:
    speed = measure_matmul(precision, torch.device("cpu"))  # type: ignore[arg-type]
    assert 1e8 < speed < 1e15
