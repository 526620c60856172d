"""Masks of dropout are drawn as torch draws them, but for the numbers themselves."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ftspec.engine.patches.dropout import draw_mask, fast_masks

pytestmark = pytest.mark.kernels

COUNT = 1 << 20
CERTAIN = 5.0  # standard deviations


def draw(*shape: int, kept: float = 0.9, seed: int = 0, **options: object) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return draw_mask(torch.empty(*shape, **options), kept, generator=generator)  # type: ignore[call-overload]


@pytest.mark.parametrize("kept", [0.0001, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float32, torch.float64, torch.bool])
def test_as_many_are_kept_as_is_probable(kept: float, kind: torch.dtype) -> None:
    mask = draw(COUNT, kept=kept, dtype=kind)

    off = abs(int(mask.double().sum()) - kept * COUNT) / math.sqrt(kept * (1 - kept) * COUNT)
    assert off < CERTAIN
    assert set(mask.unique().tolist()) == {0, 1}
    assert mask.dtype is kind


@pytest.mark.parametrize(("kept", "value"), [(0.0, 0), (1.0, 1)])
def test_what_is_certain_is_so(kept: float, value: int) -> None:
    assert set(draw(COUNT, kept=kept).tolist()) == {value}


def test_neighbours_and_draws_know_nothing_of_each_other() -> None:
    mask = draw(COUNT, kept=0.5).double() - 0.5
    other = draw(COUNT, kept=0.5, seed=1).double() - 0.5
    for theirs in (*(mask.roll(by) for by in (1, 2, 64, 4096)), other):
        assert abs(float((mask * theirs).sum())) / (0.25 * math.sqrt(COUNT)) < CERTAIN


def test_any_layout_is_filled() -> None:
    across = torch.full((5, 7), 7.0).t()

    assert draw_mask(across, 0.5) is across
    assert set(across.unique().tolist()) == {0, 1}
    assert draw_mask(torch.empty(0, 3), 0.5).shape == (0, 3)
    assert set(draw_mask(torch.full((3, 3, 3), 7.0), 0.5).unique().tolist()) == {0, 1}


def within_a_layer(numbers: torch.Tensor) -> torch.Tensor:
    return functional.dropout(numbers, 0.3, training=True)


def within_attention(numbers: torch.Tensor) -> torch.Tensor:
    line = numbers.view(1, 1, -1, 16)
    return functional.scaled_dot_product_attention(line, line, line, dropout_p=0.3)


@pytest.mark.parametrize("compute", [within_a_layer, within_attention])
def test_dropout_follows_the_generator_of_torch(
    compute: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    numbers = torch.randn(64, 16)

    def drop(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return compute(numbers)

    before = drop(0)
    with fast_masks():
        fast = drop(0)
        assert not fast.equal(before)
        assert fast.equal(drop(0))
        assert not fast.equal(drop(1))
        assert not fast.equal(compute(numbers))  # the generator went on
    assert drop(0).equal(before)


def test_dropout_scales_what_it_keeps_and_its_gradient() -> None:
    numbers = torch.ones(1000, requires_grad=True)
    with fast_masks():
        dropped = functional.dropout(numbers, 0.2)
    dropped.sum().backward()

    assert set(dropped.tolist()) == {0.0, 1.25}
    assert numbers.grad is not None
    assert numbers.grad.equal(dropped.detach())


def test_what_is_computed_again_drops_the_same() -> None:
    layer = nn.Sequential(nn.Linear(16, 16), nn.Dropout(0.5), nn.Tanh())
    gradients = []
    with fast_masks():
        for again in (False, True):
            torch.manual_seed(0)
            numbers = torch.ones(8, 16, requires_grad=True)
            out = checkpoint(layer, numbers, use_reentrant=False) if again else layer(numbers)
            out.sum().backward()
            gradients.append(numbers.grad)
    assert gradients[0] is not None
    assert gradients[1] is not None
    assert gradients[0].equal(gradients[1])


@pytest.mark.parametrize("kept", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(kept: float) -> None:
    with pytest.raises(RuntimeError, match="from 0 to 1"):
        draw(3, kept=kept)


def test_processes_with_one_seed_draw_different_masks() -> None:
    masks = []
    for process in (0, 1):
        torch.manual_seed(0)
        with fast_masks(process):
            masks.append(functional.dropout(torch.ones(1000), 0.5))
    assert not masks[0].equal(masks[1])


def test_within_itself_it_changes_nothing() -> None:
    def dropped() -> torch.Tensor:
        torch.manual_seed(0)
        return functional.dropout(torch.ones(100), 0.5)

    with fast_masks():
        before = dropped()
        with fast_masks():
            assert dropped().equal(before)
        assert dropped().equal(before)


def test_an_error_leaves_torch_as_it_was() -> None:
    def dropped() -> torch.Tensor:
        torch.manual_seed(0)
        return functional.dropout(torch.ones(100), 0.5)

    before = dropped()
    with pytest.raises(ValueError, match="lost"), fast_masks():
        raise ValueError("lost")
    assert dropped().equal(before)
