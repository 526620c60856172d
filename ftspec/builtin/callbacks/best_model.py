"""Keeps the best checkpoint: the Trainer does it, this callback says which it was."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.api import CallbackContext
from ftspec.builtin.callbacks.config import BestModelConfig


class BestModel(TrainerCallback):
    """Its settings of ``training`` come from the config."""

    def __init__(self, context: CallbackContext) -> None:
        self._note = context.note

    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> None:
        """Say which step was best."""
        if state.best_model_checkpoint is not None:
            step = state.best_model_checkpoint.rpartition("-")[2]
            self._note(
                f"the best model is that of step {step}: "
                f"{args.metric_for_best_model} {state.best_metric:.4g}"
            )


def best_model(config: BestModelConfig, context: CallbackContext) -> BestModel:
    """The callback; the metric and the number kept are settings of the Trainer."""
    return BestModel(context)
