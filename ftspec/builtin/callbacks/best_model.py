"""Keeps the best checkpoint: the Trainer does the work, this callback reports which one it is."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.api import CallbackContext
from ftspec.builtin.callbacks.config import BestModelConfig


class BestModel(TrainerCallback):
    """Reports the best step. The config sets the ``training`` fields."""

    def __init__(self, context: CallbackContext) -> None:
        self._note = context.note

    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> None:
        """Report the best step."""
        if state.best_model_checkpoint is not None:
            step = state.best_model_checkpoint.rpartition("-")[2]
            self._note(
                f"the best model is from step {step}: "
                f"{args.metric_for_best_model} {state.best_metric:.4g}"
            )


def best_model(config: BestModelConfig, context: CallbackContext) -> BestModel:
    """The callback. The Trainer knows the metric and the number of checkpoints to keep."""
    return BestModel(context)
