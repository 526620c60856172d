"""Stops when evaluations no longer improve: the callback of transformers."""

from __future__ import annotations

from transformers import EarlyStoppingCallback

from ftspec.api import CallbackContext
from ftspec.builtin.callbacks.config import EarlyStoppingConfig


def early_stopping(config: EarlyStoppingConfig, context: CallbackContext) -> EarlyStoppingCallback:
    """Its settings of ``training`` (best model, metric) come from the config."""
    return EarlyStoppingCallback(
        early_stopping_patience=config.patience, early_stopping_threshold=config.threshold
    )
