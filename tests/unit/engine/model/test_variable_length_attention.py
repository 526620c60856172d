"""Attention over packed rows is attention over each row alone."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from ftspec.engine.model.variable_length_attention import (
    VARIABLE_LENGTH,
    attend_variable_length,
    register_variable_length_attention,
)
from ftspec.engine.trainer.packing import may_switch

pytestmark = pytest.mark.kernels

EDGES = torch.tensor([0, 3, 4, 9])
TOKENS, WIDTH = 9, 8

HARDLY_ANY = 1e-12
"""Dropout by which nothing is dropped, so that it changes nothing but the way it is computed."""


def attend(heads: int, of_keys: int, **options: Any) -> tuple[torch.Tensor, list[torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    packed = [
        torch.randn((1, count, TOKENS, WIDTH), generator=generator, dtype=torch.float64)
        for count in (heads, of_keys, of_keys)
    ]
    settings: dict[str, Any] = {"cu_seq_lens_q": EDGES, "max_length_q": 5, **options}
    out, weights = attend_variable_length(nn.Module(), *packed, None, **settings)
    assert weights is None
    return out, packed


def by_definition(
    packed: list[torch.Tensor], window: int, scaling: float, *, causal: bool = True
) -> torch.Tensor:
    """Softmax over the tokens of the own row; where it is causal up to the own one, ``window`` of
    them at most."""
    query, key, value = packed
    key, value = (one.repeat_interleave(len(query[0]) // len(one[0]), 1) for one in (key, value))
    at = torch.arange(TOKENS)
    row = torch.bucketize(at, EDGES, right=True)
    sees = row[:, None] == row
    if causal:
        sees &= (at[:, None] >= at) & (at[:, None] - at < window)
    scores = (query @ key.transpose(2, 3) * scaling).masked_fill(~sees, -math.inf)
    return (scores.softmax(-1) @ value).transpose(1, 2)


@pytest.mark.parametrize(("heads", "of_keys"), [(4, 4), (4, 2), (3, 1)])
@pytest.mark.parametrize("window", [None, 2, 5, 50])
@pytest.mark.parametrize("dropout", [0.0, HARDLY_ANY])
def test_a_token_sees_its_own_row_up_to_itself(
    heads: int, of_keys: int, window: int | None, dropout: float
) -> None:
    out, packed = attend(heads, of_keys, sliding_window=window, scaling=0.3, dropout=dropout)

    assert out.shape == (1, TOKENS, heads, WIDTH)
    torch.testing.assert_close(out, by_definition(packed, window or TOKENS, 0.3))


@pytest.mark.parametrize(("heads", "of_keys"), [(4, 4), (4, 2)])
@pytest.mark.parametrize("dropout", [0.0, HARDLY_ANY])
def test_a_token_sees_all_of_its_row_where_attention_is_not_causal(
    heads: int, of_keys: int, dropout: float
) -> None:
    out, packed = attend(heads, of_keys, is_causal=False, scaling=0.3, dropout=dropout)

    torch.testing.assert_close(out, by_definition(packed, TOKENS, 0.3, causal=False))


@pytest.mark.parametrize("causal", [True, False])
def test_what_is_dropped_is_so_without_bias(causal: bool) -> None:
    """The mean of many masks is what is computed without one, each as large as it should be."""
    torch.manual_seed(0)
    plain, _ = attend(4, 4, is_causal=causal)
    masked = torch.stack([attend(4, 4, is_causal=causal, dropout=0.3)[0] for _ in range(4000)])

    assert not masked[0].equal(masked[1])
    assert float((masked.mean(0) - plain).norm() / plain.norm()) < 0.03
    # a token that sees itself alone keeps it, scaled, or nothing
    alone = (masked[:, 0, 3] / plain[0, 3]).round(decimals=6)
    assert set(alone.unique().tolist()) == {0.0, round(1 / 0.7, 6)}


def gradients(kind: torch.dtype, *, dropout: float, autocasts: bool) -> list[torch.Tensor]:
    """The result, and the gradients of queries, keys and values, of 16 bits as they come."""
    generator = torch.Generator().manual_seed(0)
    packed = [
        (2 * torch.randn((1, 4, TOKENS, 32), generator=generator)).bfloat16().to(kind)
        for _ in "qkv"
    ]
    upstream = torch.randn((1, TOKENS, 4, 32), generator=generator).double()
    for one in packed:
        one.requires_grad_()
    settings: dict[str, Any] = {"cu_seq_lens_q": EDGES, "max_length_q": 5, "dropout": dropout}
    with torch.autocast("cpu", torch.bfloat16, enabled=autocasts):
        out, _ = attend_variable_length(nn.Module(), *packed, None, **settings)
    (out * upstream).sum().backward()
    return [
        one.detach().double() for one in (out, *(one.grad for one in packed)) if one is not None
    ]


@pytest.mark.parametrize(
    ("kind", "autocasts"), [(torch.bfloat16, False), (torch.bfloat16, True), (torch.float32, True)]
)
def test_in_16_bits_no_more_is_lost_than_they_round(kind: torch.dtype, autocasts: bool) -> None:
    exact = gradients(torch.float64, dropout=0.0, autocasts=False)
    rounded = gradients(kind, dropout=HARDLY_ANY, autocasts=autocasts)

    for theirs, ours in zip(exact, rounded, strict=True):
        assert float((ours - theirs).norm() / theirs.norm()) < 0.008


def test_without_edges_text_alone_is_seen() -> None:
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn((2, 3, 2, WIDTH), generator=generator) for _ in "qkv")
    is_text = torch.tensor([[1, 1], [1, 0]])
    out, _ = attend_variable_length(nn.Module(), query, key, value, is_text, is_causal=False)

    torch.testing.assert_close(out[1], value[1, :, :1].transpose(0, 1).expand(2, -1, -1))


@pytest.mark.parametrize(
    "asked",
    [{"softcap": 30.0}, {"s_aux": torch.zeros(4)}, {"is_causal": False, "sliding_window": 3}],
)
def test_attention_of_another_kind_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="packed sequences are not computed with"):
        attend(4, 4, **asked)


def test_transformers_knows_it_by_name() -> None:
    from transformers import AttentionInterface, AttentionMaskInterface

    register_variable_length_attention()

    assert VARIABLE_LENGTH in AttentionInterface().valid_keys()
    assert VARIABLE_LENGTH in AttentionMaskInterface().valid_keys()


class _Model:
    def __init__(self, *, attention: str = "sdpa", takes_flash: bool = True, **more: Any) -> None:
        self._supports_flash_attn = takes_flash
        self.config = type("Config", (), {"_attn_implementation": attention, **more})


@pytest.mark.parametrize(
    ("facts", "device", "in_16_bits", "may"),
    [
        ({}, "cpu", False, True),
        ({}, "cpu", True, True),
        ({}, "cuda", True, True),
        ({}, "cuda", False, False),
        ({}, "mps", True, False),
        ({"attention": "eager"}, "cpu", False, False),
        ({"attention": "flash_attention_2"}, "cuda", True, False),
        ({"takes_flash": False}, "cpu", False, False),
        ({"attention_chunk_size": 64}, "cpu", False, False),
    ],
)
def test_where_it_may_be_tried(
    facts: dict[str, Any], device: str, in_16_bits: bool, may: bool
) -> None:
    assert may_switch(_Model(**facts), device, in_16_bits=in_16_bits) is may
