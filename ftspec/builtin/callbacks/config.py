"""The keys of the built-in callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftspec.api import CallbackConfig, Field


def _best_model_settings(metric: str, training: Mapping[str, Any]) -> dict[str, Any]:
    """What the Trainer needs to know the best checkpoint and load it at the end: it wants to save
    when it evaluates."""
    settings: dict[str, Any] = {"load_best_model_at_end": True, "metric_for_best_model": metric}
    if "eval_strategy" in training:
        settings["save_strategy"] = training["eval_strategy"]
    # without eval_steps, transformers evaluates when it logs
    steps = training.get("eval_steps") or training.get("logging_steps")
    if training.get("eval_strategy") == "steps" and steps is not None:
        settings["save_steps"] = steps
    return settings


class EarlyStoppingConfig(CallbackConfig):
    """Stop when evaluations no longer improve; the best model is loaded at the end."""

    patience: int = Field(default=1, ge=1, description="evaluations without improvement to bear")
    threshold: float = Field(default=0.0, ge=0, description="smallest change that is improvement")
    metric: str = Field(default="loss", description="the result to watch")

    def training_defaults(self, training: Mapping[str, Any]) -> Mapping[str, Any]:
        """Save at every evaluation and load the best at the end."""
        return _best_model_settings(self.metric, training)


class BestModelConfig(CallbackConfig):
    """Keep the best checkpoint by a metric and load it at the end."""

    metric: str = Field(default="loss", description="the result to compare by")
    keep: int = Field(default=2, ge=1, description="checkpoints kept, the best always among them")

    def training_defaults(self, training: Mapping[str, Any]) -> Mapping[str, Any]:
        """Save at every evaluation, keep few, load the best at the end."""
        return {**_best_model_settings(self.metric, training), "save_total_limit": self.keep}


class GeneratedSamplesConfig(CallbackConfig):
    """Write what the model says to TensorBoard and the run log at every evaluation."""

    count: int = Field(default=3, ge=1, le=50, description="rows to show, the first of validation")
