"""Layers that get text alone compute what they compute with padding between, whatever the encoder
and wherever the padding is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import (
    AlbertConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    BertConfig,
    DistilBertConfig,
    ElectraConfig,
    GPT2Config,
    ModernBertConfig,
    PretrainedConfig,
    RobertaConfig,
    T5Config,
)

from ftspec.engine.model.unpadding import PackedTokens, find_layers, first_layer, unpad
from ftspec.engine.model.variable_length_attention import (
    VARIABLE_LENGTH,
    register_variable_length_attention,
)

pytestmark = pytest.mark.kernels

TINY: dict[str, Any] = {
    "vocab_size": 100,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 40,
    "pad_token_id": 0,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}
ENCODERS: dict[str, PretrainedConfig] = {
    "bert": BertConfig(**TINY),
    "roberta": RobertaConfig(**TINY),
    "electra": ElectraConfig(**TINY, embedding_size=8),
    "albert": AlbertConfig(**TINY, embedding_size=8),
    "distilbert": DistilBertConfig(
        vocab_size=100, dim=16, hidden_dim=32, n_layers=2, n_heads=2, dropout=0, attention_dropout=0
    ),
}


def model_of(config: PretrainedConfig, attention: str, auto_model: Any = AutoModel) -> Any:
    register_variable_length_attention()
    torch.manual_seed(0)
    model = auto_model.from_config(config, attn_implementation=attention).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)  # so that what is computed differs by more than rounding
    return model.train()


def batch_of(*lengths: int, on_the_left: bool = False) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    ids = torch.randint(1, 100, mask.shape, generator=generator) * mask
    batch = {"input_ids": ids, "attention_mask": mask}
    return {name: value.flip(1) for name, value in batch.items()} if on_the_left else batch


def test_tokens_are_packed_and_put_back() -> None:
    tokens = PackedTokens(torch.tensor([0, 1, 3]), rows=2, width=3)
    padded = torch.arange(12.0).view(2, 3, 2)

    assert tokens.take(padded).tolist() == [[[0, 1], [2, 3], [6, 7]]]
    assert tokens.put_back(tokens.take(padded)).tolist() == [
        [[0, 1], [2, 3], [0, 0]],
        [[6, 7], [0, 0], [0, 0]],
    ]


@pytest.mark.parametrize("on_the_left", [False, True])
@pytest.mark.parametrize("name", ENCODERS)
def test_text_and_gradients_are_the_same(name: str, on_the_left: bool) -> None:
    batch = batch_of(3, 9, 1, 5, on_the_left=on_the_left)
    is_text = batch["attention_mask"].bool()
    found = []
    for attention in ("sdpa", VARIABLE_LENGTH):
        model = model_of(ENCODERS[name], attention)
        if attention == VARIABLE_LENGTH:
            unpad(found_layers(model))
        given = model(**batch).last_hidden_state[is_text]
        (given * torch.linspace(-1, 1, given.numel()).view_as(given)).sum().backward()
        found.append((given.detach(), [one.grad for one in model.parameters()]))

    (padded, gradients), (ours, our_gradients) = found
    torch.testing.assert_close(ours, padded)
    for own, other in zip(our_gradients, gradients, strict=True):
        assert (own is None) is (other is None)
        if own is not None:
            torch.testing.assert_close(own, other)


def found_layers(model: Any) -> nn.Module:
    layers = find_layers(model)
    assert layers is not None
    return layers


@pytest.mark.parametrize("has_checkpoints", [False, True])
def test_a_head_gets_its_rows_back(has_checkpoints: bool) -> None:
    batch = batch_of(3, 9, 1) | {"labels": torch.tensor([0, 1, 1])}
    shapes, losses = [], []
    for attention in ("sdpa", VARIABLE_LENGTH):
        model = model_of(ENCODERS["bert"], attention, AutoModelForSequenceClassification)
        if has_checkpoints:
            model.gradient_checkpointing_enable()
        layers = found_layers(model)
        if attention == VARIABLE_LENGTH:
            unpad(layers)
        watch_input(layers, shapes)
        loss = model(**batch).loss
        loss.backward()
        losses.append(loss.detach())

    torch.testing.assert_close(losses[1], losses[0])
    assert shapes[0] == (3, 9, 16)
    assert shapes[-1] == (1, 13, 16)


def watch_input(layers: nn.Module, shapes: list[tuple[int, ...]]) -> None:
    first_layer(layers).register_forward_pre_hook(
        lambda layer, given: shapes.append(tuple(given[0].shape))
    )


def test_rows_without_padding_stay_as_they_are() -> None:
    shapes: list[tuple[int, ...]] = []
    model = model_of(ENCODERS["bert"], VARIABLE_LENGTH)
    unpad(found_layers(model))
    watch_input(found_layers(model), shapes)
    batch = batch_of(4, 4)

    with torch.no_grad():
        ours = model(**batch).last_hidden_state
        theirs = model_of(ENCODERS["bert"], "sdpa")(**batch).last_hidden_state
    torch.testing.assert_close(ours, theirs)
    assert shapes == [(2, 4, 16)]


def test_it_can_be_undone() -> None:
    shapes: list[tuple[int, ...]] = []
    model = model_of(ENCODERS["bert"], VARIABLE_LENGTH)
    batch = batch_of(2, 4)
    watch_input(found_layers(model), shapes)
    with torch.no_grad():
        handles = unpad(found_layers(model))
        model(**batch)
        for handle in handles:
            handle.remove()
        ours = model(**batch).last_hidden_state[batch["attention_mask"].bool()]
        theirs = model_of(ENCODERS["bert"], "sdpa")(**batch).last_hidden_state
    torch.testing.assert_close(ours, theirs[batch["attention_mask"].bool()])
    assert shapes == [(1, 6, 16), (2, 4, 16)]


@pytest.mark.parametrize(
    ("config", "auto_model"),
    [
        # embeddings and layers are one part
        (GPT2Config(n_embd=16, n_layer=2, n_head=2), AutoModelForSequenceClassification),
        (ModernBertConfig(**TINY), AutoModel),
        # two stacks, of which one looks at the other
        (T5Config(d_model=16, num_layers=2, d_ff=16, num_heads=2), AutoModel),
    ],
    ids=["gpt2", "modernbert", "t5"],
)
def test_models_of_another_make_have_no_such_layers(
    config: PretrainedConfig, auto_model: Any
) -> None:
    assert find_layers(auto_model.from_config(config)) is None
