"""Where the time of training goes: first step, other steps, evaluations and saves."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.engine.batching.token_counts import TokenCounts
from ftspec.engine.trainer.trainer import StepTrainer


@dataclass
class Seconds:
    """Seconds of training, by what was done."""

    first_step: float = 0.0
    steps: float = 0.0
    evaluate: float = 0.0
    save: float = 0.0

    @property
    def total(self) -> float:
        """The sum."""
        return self.first_step + self.steps + self.evaluate + self.save


@dataclass(eq=False)
class Stopwatch(TrainerCallback):
    """Times a Trainer. The first step fills caches and allocators, so it is counted separately.

    Attributes:
        steps: how many were made, including the first.
        counts_at_first: the tokens of the first step.
    """

    trainer: StepTrainer
    seconds: Seconds = field(default_factory=Seconds)
    steps: int = 0
    counts_at_first: TokenCounts = field(default_factory=TokenCounts)
    _mark: float = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start."""
        self._mark = time.perf_counter()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Count a step, and the time in which its batches were loaded."""
        self.steps += 1
        is_last = state.global_step >= state.max_steps or control.should_training_stop
        if self.steps == 1 or is_last or control.should_evaluate or control.should_save:
            _wait_for_device()  # it may still compute
        if self.steps > 1:
            self.seconds.steps += self._lap()
            return
        self.seconds.first_step += self._lap()
        self.counts_at_first = replace(self.trainer.token_counts)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """End the steps: evaluations and saves by epoch come next."""
        if self.steps > 1:
            _wait_for_device()
            self.seconds.steps += self._lap()

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Count an evaluation, which follows a step at once."""
        self.seconds.evaluate += self._lap()

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Count a checkpoint, which follows a step or an evaluation at once."""
        self.seconds.save += self._lap()

    def _lap(self) -> float:
        before, self._mark = self._mark, time.perf_counter()
        return self._mark - before


def _wait_for_device() -> None:
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
