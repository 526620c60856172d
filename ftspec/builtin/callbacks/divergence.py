"""Reports a loss or a gradient that is no number, and ends a run that does not recover."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.api import CallbackContext, RunDirectory, RunError
from ftspec.builtin.callbacks.config import DivergenceConfig

_MOST_SAID = 10
_ADVICE = (
    'write a lower "learning_rate", or longer "warmup_steps"',
    'or "performance: {precision: fp32}", or a smaller "max_grad_norm"',
)
_SPLITS = {"eval_loss": "validation", "test_loss": "test"}


class Divergence(TrainerCallback):
    """Counts steps in a row whose loss or gradient is no number. No checkpoint is saved after such
    a step: its weights may be lost, and it could replace a good one."""

    def __init__(self, config: DivergenceConfig, context: CallbackContext) -> None:
        self._patience = config.patience
        self._note = context.note
        self._read = context.read_steps
        self._run_dir = context.run_dir
        self._in_a_row = 0
        self._first = 0
        self._what = ""
        self._said = 0

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Look at the steps that are known. Where the Trainer is about to wait for the device, at
        all of them."""
        waits = control.should_log or control.should_save or control.should_evaluate
        self._look(wait=waits)
        if self._in_a_row:
            control.should_save = False

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """The same before a checkpoint of an epoch."""
        self._look(wait=control.should_save or control.should_evaluate)
        if self._in_a_row:
            control.should_save = False

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Say that a split has no loss."""
        for name, split in _SPLITS.items():
            loss = (metrics or {}).get(name, 0.0)
            if not math.isfinite(loss):
                self._note(f"the {split} loss after step {state.global_step} is no number: {loss}")

    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: Any = None,
        **kwargs: Any,
    ) -> None:
        """Refuse to finish with weights that are no numbers."""
        self._look(wait=True)
        if self._patience is None:
            return
        is_reloaded = args.load_best_model_at_end and state.best_model_checkpoint is not None
        if self._in_a_row and not is_reloaded:
            raise self._diverged()
        if model is not None and not _has_numbers(model):
            self._first, self._what = self._first or state.global_step, "weights"
            raise self._diverged()

    def _look(self, *, wait: bool) -> None:
        for check in self._read(wait=wait):
            if check.has_loss and check.has_gradient:
                self._in_a_row = 0
                continue
            self._in_a_row += 1
            if self._in_a_row == 1:
                self._first = check.step
                self._what = "gradient" if check.has_loss else "loss"
                self._say_first()
            if self._patience is not None and self._in_a_row >= self._patience:
                raise self._diverged()

    def _say_first(self) -> None:
        self._said += 1
        if self._said <= _MOST_SAID:
            self._note(f"the {self._what} of step {self._first} is no number")

    def _diverged(self) -> RunError:
        if self._what == "weights":
            headline = "the run diverged: some weights are no numbers"
        else:
            times = f", {self._in_a_row} times in a row" if self._in_a_row > 1 else ""
            headline = f"the run diverged: the {self._what} of step {self._first} is no number"
            headline += times
        good = self._last_good()
        helps = () if good is None else (f'the last good checkpoint is "{good}"',)
        return RunError(
            headline, slug="diverged", at=("training", "learning_rate"), helps=(*helps, *_ADVICE)
        )

    def _last_good(self) -> str | None:
        """The newest checkpoint whose weights gave the next step a loss."""
        saved = RunDirectory(self._run_dir).checkpoints_by_step()
        return next((str(folder) for step, folder in saved if step + 1 < self._first), None)


def _has_numbers(model: torch.nn.Module) -> bool:
    """Whether all weights that were trained are numbers. The device is asked once."""
    answers = [
        weight.detach().isfinite().all().to("cpu", non_blocking=True)
        for weight in model.parameters()
        if weight.requires_grad and weight.device.type != "meta"
    ]
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
    return all(map(bool, answers))
