"""How far the results of a way of computing are from those of one padded batch."""

from __future__ import annotations

import math
from typing import NamedTuple


class Difference(NamedTuple):
    """How far the results of a way of computing are from those of one padded batch, relative to
    them. In training mode or in evaluation mode, whichever is larger."""

    loss: float
    gradient: float

    @property
    def largest(self) -> float:
        """The larger of both."""
        return max(self.loss, self.gradient)

    @property
    def largest_of(self) -> str:
        """What differs most."""
        return "loss" if self.loss > self.gradient else "gradient"

    @property
    def percent(self) -> str:
        """The larger of both, for people."""
        return f"{100 * self.largest:.2g} %" if math.isfinite(self.largest) else "any number"

    def or_larger(self, other: Difference) -> Difference:
        """The larger of two, in each."""
        return Difference(max(self.loss, other.loss), max(self.gradient, other.gradient))


def relative_to(difference: float, size: float) -> float:
    """Zero over zero is no difference; what is not a number is infinitely far off."""
    if difference == 0:
        return 0.0
    relative = difference / size if size else math.inf
    return relative if math.isfinite(relative) else math.inf
