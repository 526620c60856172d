"""Sizes are rounded up where kernels are made for each, and never beyond what a model takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, PretrainedConfig, RobertaConfig, T5Config

from ftspec.engine.batching.sizes import round_up, width_multiple
from ftspec.engine.trainer.recurring_sizes import line_multiple, settle_width

T5 = T5Config()


def trainer_of(
    collate: Any, device: str = "cpu", config: PretrainedConfig = T5, **precision: bool
) -> Any:
    flags = {"bf16": False, "fp16": False, **precision}
    arguments = SimpleNamespace(device=SimpleNamespace(type=device), **flags)
    model = SimpleNamespace(config=config)
    return SimpleNamespace(args=arguments, data_collator=collate, model=model)


def padding_to(multiple: int | None) -> Any:
    return SimpleNamespace(pad_to_multiple_of=multiple)


def test_numbers_and_arrays_are_rounded_up() -> None:
    assert [round_up(count, 8) for count in (0, 1, 8, 9)] == [0, 8, 8, 16]
    assert round_up(np.array([[3, 8], [9, 0]]), 8).tolist() == [[8, 8], [16, 0]]
    assert round_up(torch.tensor(33), 32).tolist() == 64
    assert round_up(7, 1) == 7


@pytest.mark.parametrize(
    ("device", "precision", "multiple"),
    [("cpu", {"bf16": True}, 32), ("cpu", {}, 1), ("cuda", {"bf16": True}, 1)],
)
def test_kernels_are_made_by_size_in_16_bits_on_a_cpu(
    device: str, precision: dict[str, bool], multiple: int
) -> None:
    assert line_multiple(trainer_of(None, device, **precision)) == multiple


@pytest.mark.parametrize(
    ("config", "width"),
    [
        (T5, 8),
        (BertConfig(max_position_embeddings=512), 8),
        (BertConfig(max_position_embeddings=50), 1),
        (RobertaConfig(max_position_embeddings=514), 8),  # of which it uses 512
    ],
    ids=["t5", "bert", "short bert", "roberta"],
)
def test_no_width_goes_beyond_the_positions(config: PretrainedConfig, width: int) -> None:
    trainer = trainer_of(padding_to(None), config=config, bf16=True)

    settle_width(trainer)

    assert width_multiple(trainer.data_collator) == width


@pytest.mark.parametrize(
    ("collate", "precision", "width"),
    [
        (padding_to(32), {"bf16": True}, 32),  # the spec or the task said so
        (padding_to(None), {}, 1),
        (dict, {"bf16": True}, 1),  # pads its own way
    ],
)
def test_who_pads_another_way_goes_on(collate: Any, precision: dict[str, bool], width: int) -> None:
    settle_width(trainer_of(collate, **precision))

    assert width_multiple(collate) == width
