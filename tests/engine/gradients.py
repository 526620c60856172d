"""Gradients of whole steps in double precision, for comparisons closer than rounding in fp32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from transformers import Trainer, TrainerCallback

Gradients = dict[str, torch.Tensor]


class GradientRecorder(TrainerCallback):
    """Keeps the gradient of every parameter at every step."""

    def __init__(self) -> None:
        self.steps: list[Gradients] = []

    def on_pre_optimizer_step(self, *events: Any, model: Any = None, **kwargs: Any) -> None:
        """Copy them before they are applied."""
        self.steps.append(
            {
                name: parameter.grad.clone()
                for name, parameter in model.named_parameters()
                if parameter.grad is not None
            }
        )


def gradients_of(trainer: Trainer) -> list[Gradients]:
    """What each step of a training in double precision learns, gradients not clipped."""
    recorder = GradientRecorder()
    trainer.add_callback(recorder)
    trainer.args.max_grad_norm = 0.0
    train_in_double(trainer)
    return recorder.steps


def train_in_double(trainer: Trainer) -> list[dict[str, Any]]:
    """Train in double precision; what the Trainer logged.

    In fp32 the sums of other batches differ by rounding. A number that is about zero before a ReLU
    is then on its other side, where it has a gradient, and the norm is off by 4e-5. Whether there
    is one depends on the processor, and on the cuts that were fastest.
    """
    trainer.model.double()
    trainer.data_collator = _Doubling(trainer.data_collator)
    with double_throughout():
        trainer.train()
    logs: list[dict[str, Any]] = trainer.state.log_history
    return logs


class _Doubling:
    """A collator whose labels, if they are numbers, are in the precision of the model: a loss of
    both rounds to fp32."""

    def __init__(self, collate: Any) -> None:
        self._collate = collate
        self.pad_to_multiple_of = getattr(collate, "pad_to_multiple_of", None)

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            name: value.double() if value.is_floating_point() else value
            for name, value in self._collate(rows).items()
        }


@contextmanager
def double_throughout() -> Iterator[None]:
    """Losses and norms of transformers compute in fp32 whatever the model is in; not in here."""
    to, to_float, add_up = torch.Tensor.to, torch.Tensor.float, torch.Tensor.sum

    def stay_double(tensor: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        if tensor.dtype == torch.float64:
            arguments = tuple(one for one in arguments if one is not torch.float32)
            options = {name: one for name, one in options.items() if one is not torch.float32}
            if not arguments and not options:
                return tensor
        return to(tensor, *arguments, **options)

    def stay(tensor: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        if tensor.dtype == torch.float64:
            return tensor
        return to_float(tensor, *arguments, **options)

    def add_up_double(tensor: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        if tensor.dtype == torch.float64:
            options.pop("dtype", None)
        return add_up(tensor, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "sum", add_up_double)
        patch.setattr(torch.Tensor, "to", stay_double)
        patch.setattr(torch.Tensor, "float", stay)
        yield


def assert_equal(ours: list[Gradients], theirs: list[Gradients], tolerance: float = 1e-9) -> None:
    """Every step has the same gradient: no entry is further off than ``tolerance`` of the largest
    of its parameter."""
    assert len(ours) == len(theirs) > 0
    for step, (own, other) in enumerate(zip(ours, theirs, strict=True)):
        assert own.keys() == other.keys()
        assert any(gradient.abs().max() > 1e-6 for gradient in own.values())
        for name, gradient in own.items():
            scale = max(float(other[name].abs().max()), 1e-6)
            off = float((gradient - other[name]).abs().max()) / scale
            assert off < tolerance, (step, name, off)
