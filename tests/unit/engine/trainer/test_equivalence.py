"""A model is tried before its layers get text alone, and refused where that would change anything:
in what it learns as in what it gives."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    EncoderDecoderConfig,
    EncoderDecoderModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

from ftspec.engine.model import unpadding, variable_length_attention
from ftspec.engine.model.attention import attention_of
from ftspec.engine.model.unpadding import find_layers
from ftspec.engine.trainer import padding
from ftspec.engine.trainer.mean_loss import MeanLoss
from ftspec.labels import IGNORED_LABEL

pytestmark = pytest.mark.kernels

TINY: dict[str, Any] = {
    "vocab_size": 100,
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
}
LENGTHS = (40, 7, 19, 40)

Rows = list[dict[str, Any]]


def rows_of(lengths: tuple[int, ...], **labels: Any) -> Rows:
    draw = random.Random(0)
    return [
        {"input_ids": [draw.randint(1, 99) for _ in range(length)], **labels} for length in lengths
    ]


def pad(rows: Rows) -> dict[str, torch.Tensor]:
    width = max(len(row["input_ids"]) for row in rows)
    batch = {name: torch.tensor([row[name] for row in rows]) for name in {*rows[0]} - {"input_ids"}}
    ids = [row["input_ids"] + [0] * (width - len(row["input_ids"])) for row in rows]
    mask = [[1] * len(row["input_ids"]) + [0] * (width - len(row["input_ids"])) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask), **batch}


def pad_with_labels(rows: Rows) -> dict[str, torch.Tensor]:
    batch = pad(rows)
    return {**batch, "labels": batch["input_ids"] % 2}


def decide(
    model: PreTrainedModel, rows: Rows | Dataset, auto_model: str, **more: Any
) -> padding.Decision:
    """What is decided for a Trainer of which no more is there than is asked for."""
    bf16 = more.get("bf16", False)

    def count(batch: Mapping[str, torch.Tensor]) -> int:
        labels = batch.get("labels", batch["input_ids"][:, 0])
        return int(labels.ne(IGNORED_LABEL).sum())

    def compute_loss(
        model: Any,
        inputs: Mapping[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        outputs = model(**inputs)
        if return_outputs:
            return outputs.loss, outputs
        return outputs.loss * count(inputs) / num_items_in_batch

    trainer: Any = SimpleNamespace(
        model=model,
        train_dataset=rows,
        data_collator=more.get("collate", pad),
        micro_batching=True,
        mean_loss=MeanLoss(count),
        task=SimpleNamespace(
            length_columns=("input_ids",), trainer_class=None, count_loss_items=lambda batch: 1
        ),
        args=SimpleNamespace(bf16=bf16, fp16=False, n_gpu=1, device=torch.device("cpu")),
        accelerator=SimpleNamespace(
            autocast=lambda: torch.autocast("cpu", torch.bfloat16) if bf16 else nullcontext()
        ),
        compute_loss_context_manager=nullcontext,
        compute_loss=compute_loss,
        is_fsdp_enabled=False,
        is_deepspeed_enabled=False,
        _prepare_inputs=lambda inputs: inputs,
    )
    before = attention_of(model)
    decided = padding.Situation(trainer, auto_model, False, False, False).choose_form()
    assert attention_of(model) == before
    layers = find_layers(model)
    assert layers is None or not layers._forward_pre_hooks
    return decided


CLASSIFIER = "AutoModelForSequenceClassification"


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("head", ["rows", "tokens"])
def test_an_encoder_whose_head_reads_text_is_taken(head: str, bf16: bool) -> None:
    kinds: dict[str, Any] = {
        "rows": (BertForSequenceClassification, rows_of(LENGTHS, labels=1), pad),
        "tokens": (BertForTokenClassification, rows_of(LENGTHS), _without_labels_of_padding),
    }
    model, rows, collate = kinds[head]

    decided = decide(model(BertConfig(**TINY)), rows, CLASSIFIER, bf16=bf16, collate=collate)

    assert (decided.form, decided.attention) == ("packed_layers", "variable_length")


def _without_labels_of_padding(rows: Rows) -> dict[str, torch.Tensor]:
    batch = pad_with_labels(rows)
    return {**batch, "labels": batch["labels"].masked_fill(batch["attention_mask"].eq(0), -100)}


@pytest.mark.parametrize("bf16", [False, True])
def test_a_head_that_reads_padding_is_refused(bf16: bool) -> None:
    """A span of text is sought among all positions, those of padding too: their logits would no
    longer be what they were, and the loss hardly shows it."""
    model: Any = BertForQuestionAnswering(BertConfig(**TINY))
    rows = rows_of(LENGTHS, start_positions=3, end_positions=5)

    decided = decide(model, rows, "AutoModelForQuestionAnswering", bf16=bf16)

    assert (decided.form, decided.attention) == ("padded", "sdpa")
    assert str(decided.note).endswith("the model reads the outputs of its layers for padding")


@pytest.mark.parametrize("fault", ["no numbers", "a little of another row"])
def test_wrong_numbers_are_refused(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    put_back = unpadding.PackedTokens.put_back

    def go_wrong(tokens: unpadding.PackedTokens, hidden: torch.Tensor) -> torch.Tensor:
        padded = put_back(tokens, hidden)
        return padded * torch.nan if fault == "no numbers" else padded + 1e-4 * padded.roll(1, 0)

    monkeypatch.setattr(unpadding.PackedTokens, "put_back", go_wrong)
    model = BertForSequenceClassification(BertConfig(**TINY))

    decided = decide(model, rows_of(LENGTHS, labels=1), CLASSIFIER, bf16=True)

    assert decided.form == "padded"
    assert "gives other results where its layers compute text alone" in str(decided.note)


def test_states_of_each_layer_are_refused() -> None:
    """A user who asks for hidden states gets them by rows."""
    model = BertForSequenceClassification(BertConfig(**TINY, output_hidden_states=True))

    decided = decide(model, rows_of(LENGTHS, labels=1), CLASSIFIER)

    assert decided.form == "padded"


def test_rows_are_sought_in_all_of_the_data() -> None:
    rows = rows_of((20,) * 500 + LENGTHS * 125, labels=1)
    model = BertForSequenceClassification(BertConfig(**TINY))

    assert decide(model, Dataset.from_list(rows), CLASSIFIER).form == "packed_layers"


def test_an_adapter_changes_nothing() -> None:
    peft = pytest.importorskip("peft")
    model = BertForSequenceClassification(BertConfig(**TINY))
    adapted = peft.get_peft_model(model, peft.LoraConfig(target_modules=["query", "value"]))

    assert decide(adapted, rows_of(LENGTHS, labels=1), CLASSIFIER).form == "packed_layers"


def test_two_stacks_are_no_encoder() -> None:
    parts = (BertConfig(**TINY), BertConfig(**TINY, is_decoder=True, add_cross_attention=True))
    config = EncoderDecoderConfig.from_encoder_decoder_configs(*parts)

    assert find_layers(EncoderDecoderModel(config)) is None


@pytest.mark.parametrize("form", ["packed", "packed_layers"])
def test_a_model_that_keeps_its_attention_is_padded(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    kinds: dict[str, Any] = {
        "packed": (LlamaForCausalLM(LlamaConfig(**TINY)), "AutoModelForCausalLM"),
        "packed_layers": (BertForSequenceClassification(BertConfig(**TINY)), CLASSIFIER),
    }
    model, auto_model = kinds[form]
    monkeypatch.setattr(type(model), "_can_set_attn_implementation", classmethod(lambda cls: False))
    rows, collate = rows_of(LENGTHS, labels=1), pad
    if form == "packed":
        rows, collate = rows_of(LENGTHS), pad_with_labels

    decided = decide(model, rows, auto_model, collate=collate)

    assert decided.form == "padded"
    assert str(decided.note).endswith('does not take the attention "variable_length"')


def test_a_kernel_of_16_bits_is_not_given_32() -> None:
    assert variable_length_attention.kernel_takes(
        torch.zeros(1)
    )  # no kernel: one row after the other
    assert not variable_length_attention.kernel_takes(_on_cuda(torch.float32))
    assert variable_length_attention.kernel_takes(_on_cuda(torch.bfloat16))


def _on_cuda(dtype: torch.dtype) -> Any:
    return SimpleNamespace(device=torch.device("cuda"), dtype=dtype)
