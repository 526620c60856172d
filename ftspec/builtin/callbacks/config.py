"""The keys of the built-in callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftspec.api import CallbackConfig, Field


def _best_model_settings(metric: str, training: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that make the Trainer load the best checkpoint at the end. It must save whenever it
    evaluates."""
    settings: dict[str, Any] = {"load_best_model_at_end": True, "metric_for_best_model": metric}
    if "eval_strategy" in training:
        settings["save_strategy"] = training["eval_strategy"]
    # without eval_steps, transformers evaluates at every log
    steps = training.get("eval_steps") or training.get("logging_steps")
    if training.get("eval_strategy") == "steps" and steps is not None:
        settings["save_steps"] = steps
    return settings


class EarlyStoppingConfig(CallbackConfig):
    """Stop when evaluations no longer improve; the best model is loaded at the end."""

    patience: int = Field(
        default=1, ge=1, description="stop after this many evaluations without improvement"
    )
    threshold: float = Field(
        default=0.0, ge=0, description="smallest change that counts as an improvement"
    )
    metric: str = Field(default="loss", description="the metric to compare evaluations by")

    def training_defaults(self, training: Mapping[str, Any]) -> Mapping[str, Any]:
        """Save at every evaluation and load the best at the end."""
        return _best_model_settings(self.metric, training)


class BestModelConfig(CallbackConfig):
    """Keep the best checkpoint by a metric and load it at the end."""

    metric: str = Field(default="loss", description="the metric to compare checkpoints by")
    keep: int = Field(
        default=2, ge=1, description="number of checkpoints to keep, including the best"
    )

    def training_defaults(self, training: Mapping[str, Any]) -> Mapping[str, Any]:
        """Save at every evaluation, keep a few checkpoints, load the best at the end."""
        return {**_best_model_settings(self.metric, training), "save_total_limit": self.keep}


class DivergenceConfig(CallbackConfig):
    """Report a loss or a gradient that is no number, and end a run that does not recover."""

    patience: int | None = Field(
        default=3,
        ge=1,
        description="end the run after so many steps in a row without a number; null: only "
        "report them",
    )


class GeneratedSamplesConfig(CallbackConfig):
    """Write predictions of the model to TensorBoard and the run log at every evaluation."""

    count: int = Field(
        default=3, ge=1, le=50, description="number of rows: the first of the validation split"
    )
