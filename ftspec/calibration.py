"""What was fitted on validation rows after training, to make the scores of a classifier true.

Imports nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CALIBRATION = "calibration.json"
"""The file of a calibration, in the folder of the model."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How the scores of a model become better ones.

    Attributes:
        temperature: logits are divided by it.
        thresholds: for some labels the smallest score with which they are predicted. They take
            the place of a threshold in the spec. Where each row has one label, only one of two
            labels has a threshold.
    """

    temperature: float = 1.0
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"temperature": self.temperature, "thresholds": dict(self.thresholds)}


def as_calibration(value: Any) -> Calibration | None:
    """The calibration from JSON values; ``None`` if it is none."""
    if not isinstance(value, dict):
        return None
    temperature: Any = value.get("temperature")
    thresholds: Any = value.get("thresholds")
    if not _is_number(temperature) or temperature <= 0 or not isinstance(thresholds, dict):
        return None
    if not all(map(_is_number, thresholds.values())):
        return None
    return Calibration(temperature=temperature, thresholds=thresholds)


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value)
