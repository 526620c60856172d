"""The trial: whether a step that is split gives what one padded batch gives.

A few rows of the run are computed in both ways, forward and backward, by the Trainer itself and
with the weights that it will train. Randomness is off, and the model is unchanged afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import torch
from torch import nn

from ftspec.engine.batching.micro_batches import Form, cut_rows
from ftspec.engine.batching.packed_sequence import Batch, pack
from ftspec.engine.trainer.difference import Difference, relative_to
from ftspec.engine.trainer.module_state import unchanged
from ftspec.engine.trainer.trainer import StepTrainer
from ftspec.engine.trainer.trial_rows import TrialStep, choose_rows
from ftspec.engine.trainer.without_randomness import without_randomness

Preparing = AbstractContextManager[None]

_SAMPLED = 512
"""Numbers of the gradient of each parameter that are compared."""

_SECONDS, _SHARE_OF_RUN = 5.0, 0.02
"""What a trial may take."""

_PASSES = 4
"""Padded and split, in training mode and in evaluation mode."""

_SAME_IN_32_BITS, _SAME_IN_16_BITS = 1e-4, 0.05
"""Differences relative to the norm. Sums of other batches are rounded differently."""


class Learned(NamedTuple):
    """The loss of a step, and a sample of its gradient."""

    loss: float
    gradient: torch.Tensor

    def difference_from(self, other: Learned) -> Difference:
        """How far this is from another, relative to the other."""
        return Difference(
            relative_to(abs(self.loss - other.loss), abs(other.loss)),
            relative_to(
                float((self.gradient - other.gradient).norm()), float(other.gradient.norm())
            ),
        )


class Trial:
    """Compares ways of computing the rows of a run.

    Args:
        trainer: that of the run, before it trains.
        has_random_weights: whether no weights come from a checkpoint.
    """

    def __init__(self, trainer: StepTrainer, *, has_random_weights: bool) -> None:
        self._trainer = trainer
        self._has_random_weights = has_random_weights
        self._rows = choose_rows(trainer.train_dataset, trainer.task.length_columns)

    def compare(self, form: Form, prepared: Callable[[], Preparing]) -> Difference:
        """How far micro-batches of a form are from a padded batch: short rows, and the longest
        where that takes little time compared with the run, or where the model computes long rows
        differently.

        Args:
            form: of the micro-batches.
            prepared: a context in which the model is prepared for the form.
        """
        start = time.perf_counter()
        difference = self._compare(self._rows.short, form, prepared)
        seconds = time.perf_counter() - start
        longest = self._rows.longest
        if longest is None or not self.is_same(difference, form):
            return difference
        is_needed = _computes_long_rows_differently(self._trainer.model)
        if not is_needed and not self._can_afford(longest, seconds):
            return difference
        return difference.or_larger(self._compare(longest, form, prepared))

    def is_same(self, difference: Difference, form: Form) -> bool:
        """Whether a difference is one of rounding."""
        return difference.largest <= (
            _SAME_IN_16_BITS if self._rounds_to_16_bits(form) else _SAME_IN_32_BITS
        )

    def _compare(
        self, step: TrialStep, form: Form, prepared: Callable[[], Preparing]
    ) -> Difference:
        computes_in_16_bits = form != "padded" and self._computes_in_16_bits
        whole = self._collate([row for part in step.parts for row in part])
        padded = self._learn([whole], computes_in_16_bits)
        with prepared():
            batches = self._split(step, whole)
            if form == "packed":
                batches = [pack(batch) for batch in batches]
            split = self._learn(batches, computes_in_16_bits)
        modes = [own.difference_from(other) for own, other in zip(split, padded, strict=True)]
        return modes[0].or_larger(modes[1])

    def _split(self, step: TrialStep, whole: Batch) -> list[Batch]:
        """The micro-batches of a step, collated by themselves; or cut from the padded batch if the
        collator draws random numbers, such as the masks of a masked language model."""
        rows = [row for part in step.parts for row in part]
        again = self._collate(rows)
        if all(_is_equal(value, again[name]) for name, value in whole.items()):
            return [self._collate(part) for part in step.parts]
        edges = [0, *accumulate(map(len, step.parts))]
        return [cut_rows(whole, start, stop) for start, stop in pairwise(edges)]

    def _can_afford(self, step: TrialStep, seconds: float) -> bool:
        """Whether the trial of a step takes five seconds in all, or a fiftieth of the run where
        that is more, given the time that the short rows took."""
        trainer = self._trainer
        steps = trainer.args.max_steps
        if steps > 0:
            rows = float(steps * trainer.loaders.rows_of_step)
        else:
            rows = trainer.args.num_train_epochs * len(trainer.train_dataset)  # type: ignore[arg-type]
        per_token = seconds / self._rows.short.tokens
        run = rows * self._rows.mean_tokens * per_token / _PASSES
        return seconds + step.tokens * per_token <= max(_SECONDS, _SHARE_OF_RUN * run)

    @property
    def _computes_in_16_bits(self) -> bool:
        return bool(self._trainer.args.bf16 or self._trainer.args.fp16)

    def _rounds_to_16_bits(self, form: Form) -> bool:
        if form != "padded" and self._computes_in_16_bits:
            return True
        return any(
            weights.is_floating_point() and weights.dtype.itemsize < 4
            for weights in self._trainer.model.parameters()  # type: ignore[union-attr]
        )

    def _collate(self, rows: list[dict[str, Any]]) -> Batch:
        return dict(self._trainer.data_collator(rows))

    def _learn(self, batches: Sequence[Batch], in_16_bits: bool) -> list[Learned]:
        model: Any = self._trainer.model
        learned = []
        for is_training in (True, False):
            with (
                unchanged(model),
                without_randomness(self._trainer.args.device),
                _larger_weights(model) if self._has_random_weights else nullcontext(),
            ):
                model.train(is_training)
                learned.append(self._learn_once(model, batches, in_16_bits))
        return learned

    def _learn_once(self, model: nn.Module, batches: Sequence[Batch], in_16_bits: bool) -> Learned:
        trainer = self._trainer
        device = trainer.args.device
        items = trainer.mean_loss.count_all(batches, device)
        loss = torch.zeros((), device=device)
        for batch in batches:
            with (
                trainer.accelerator.autocast(),
                trainer.compute_loss_context_manager(),
                # weights have 32 bits: without autocast little is rounded
                nullcontext() if in_16_bits else torch.autocast(device.type, enabled=False),
            ):
                share = trainer.compute_loss(
                    model, trainer._prepare_inputs(dict(batch)), num_items_in_batch=items
                )
            share.backward()
            loss = loss + share.detach()
        return Learned(float(loss), _sample_gradient(model))


def _is_equal(one: Any, other: Any) -> bool:
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


def _computes_long_rows_differently(model: Any) -> bool:
    """Whether the longest row of a batch decides how all are computed: with which frequencies of
    positions, or with which attention."""
    config = model.config.get_text_config()
    rope = getattr(config, "rope_parameters", None) or {}
    kinds = [rope, *(one for one in rope.values() if isinstance(one, dict))]
    names = {one.get("rope_type") for one in kinds}
    return bool(names & {"longrope", "dynamic"}) or (
        getattr(config, "attention_type", None) == "block_sparse"
    )


def _sample_gradient(model: nn.Module) -> torch.Tensor:
    """A few numbers of the gradient of each parameter."""
    samples = []
    for parameter in model.parameters():
        if parameter.requires_grad:
            step = max(1, parameter.numel() // _SAMPLED)
            gradient = parameter.grad
            if gradient is None:
                samples.append(torch.zeros(len(range(0, parameter.numel(), step))))
            else:
                samples.append(gradient.detach().flatten()[::step].float().cpu())
    return torch.cat(samples) if samples else torch.zeros(0)


@contextmanager
def _larger_weights(model: nn.Module) -> Iterator[None]:
    """Matrices whose outputs are as large as their inputs. With the small weights that a model
    starts from, one can hardly see what attention does."""
    matrices = [
        weights for weights in model.parameters() if weights.ndim == 2 and weights.requires_grad
    ]
    before = [weights.detach().clone() for weights in matrices]
    try:
        with torch.no_grad():
            for weights in matrices:
                size = float(weights.float().std()) * weights.shape[-1] ** 0.5
                if 0 < size < 1:
                    weights.div_(size)
        yield
    finally:
        with torch.no_grad():
            for weights, value in zip(matrices, before, strict=True):
                weights.copy_(value)
