"""The rewards of direct preference optimization."""

from __future__ import annotations

from typing import Any

import datasets
import numpy as np

from ftspec.api import Context, LocalMetric
from ftspec_preference.config import NoOptions


def rewards(config: NoOptions, context: Context) -> LocalMetric:
    """``predictions`` are the rewards of the better answers, ``references`` those of the worse
    ones, both with shape (N,). The results are means over rows; accuracies are the share of rows
    whose better answer has the larger reward."""

    def score(predictions: Any, references: Any) -> dict[str, float]:
        better, worse = np.asarray(predictions), np.asarray(references)
        return {
            "rewards/accuracies": (better > worse).mean(),
            "rewards/margins": (better - worse).mean(),
            "rewards/chosen": better.mean(),
            "rewards/rejected": worse.mean(),
        }

    features = {name: datasets.Value("float64") for name in ("predictions", "references")}
    return LocalMetric("rewards", features, score)
