"""Where the time of training goes: the first step, the others, evaluations and saves."""

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
    """Seconds of training by what they were spent on."""

    first_step: float = 0.0
    steps: float = 0.0
    evaluate: float = 0.0
    save: float = 0.0

    @property
    def total(self) -> float:
        """All of them."""
        return self.first_step + self.steps + self.evaluate + self.save


@dataclass(eq=False)
class Stopwatch(TrainerCallback):
    """Times a Trainer. The first step warms caches and allocators, so it is counted apart.

    Attributes:
        steps: how many were made, the first one as well.
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
        """A step was made, its batches waited for as well."""
        self.steps += 1
        is_last = state.global_step >= state.max_steps or control.should_training_stop
        if self.steps == 1 or is_last or control.should_evaluate or control.should_save:
            _wait_for_device()  # which may still be at it
        if self.steps > 1:
            self.seconds.steps += self._lap()
            return
        self.seconds.first_step += self._lap()
        self.counts_at_first = replace(self.trainer.token_counts)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """What evaluates or saves by epochs comes next."""
        if self.steps > 1:
            _wait_for_device()
            self.seconds.steps += self._lap()

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """An evaluation follows a step at once, and this is its end."""
        self.seconds.evaluate += self._lap()

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """A checkpoint follows a step or an evaluation at once, and this is its end."""
        self.seconds.save += self._lap()

    def _lap(self) -> float:
        before, self._mark = self._mark, time.perf_counter()
        return self._mark - before


def _wait_for_device() -> None:
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
