"""Stops when evaluations no longer improve: the callback of transformers."""

from __future__ import annotations

from typing import Any

from transformers import (
    EarlyStoppingCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from ftspec.api import CallbackContext
from ftspec.builtin.callbacks.config import EarlyStoppingConfig


class EarlyStopping(EarlyStoppingCallback):
    """The config sets the ``training`` fields for the best model and the metric."""

    _is_training = False

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> None:
        """Restore the count in a resumed run: the Trainer saves it but does not restore it."""
        super().on_train_begin(args, state, control, **kwargs)  # type: ignore[no-untyped-call]
        self._is_training = True
        callbacks: dict[str, Any] = state.stateful_callbacks or {}  # type: ignore[assignment]
        saved = callbacks.get(type(self).__name__)
        if isinstance(saved, dict):  # a list if the spec has this callback twice
            count = saved["attributes"]["early_stopping_patience_counter"]
            self.early_stopping_patience_counter = count
        if self.early_stopping_patience_counter >= self.early_stopping_patience:
            control.should_training_stop = True

    def on_train_end(self, *arguments: Any, **options: Any) -> None:
        """Nothing is left to stop."""
        self._is_training = False

    def on_evaluate(self, *arguments: Any, **options: Any) -> None:
        """As in transformers, in training. A final evaluation is of one set, perhaps not of the
        watched one."""
        if self._is_training:
            super().on_evaluate(*arguments, **options)  # type: ignore[no-untyped-call]


def early_stopping(config: EarlyStoppingConfig, context: CallbackContext) -> EarlyStopping:
    """The callback."""
    return EarlyStopping(
        early_stopping_patience=config.patience, early_stopping_threshold=config.threshold
    )
