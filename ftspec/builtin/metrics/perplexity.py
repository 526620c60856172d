"""Perplexity: the exponential of the mean loss over tokens."""

from __future__ import annotations

import math
from typing import Any

import datasets

from ftspec.api import Context, LocalMetric
from ftspec.builtin.metrics.config import NoOptions


def perplexity(config: NoOptions, context: Context) -> LocalMetric:
    """Takes the column ``losses``: the mean loss of a split, in nats per token."""

    def score(losses: Any) -> dict[str, float]:
        mean = sum(losses) / len(losses)
        return {"perplexity": math.inf if mean >= 700 else math.exp(mean)}

    return LocalMetric("perplexity", {"losses": datasets.Value("float64")}, score)
