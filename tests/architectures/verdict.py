"""What was found of a pair, and what that amounts to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tests.architectures.pairs import Pair

Outcome = Literal["same", "padded", "refused", "deviates", "failed", "not built"]

BAD: tuple[Outcome, ...] = ("deviates", "failed")
"""What no pair may be."""

SAME = 1e-4
"""The largest difference of losses and gradients, relative to their norm."""

_AS_PADDED = 1e-6
_AS_SAVED = 1e-5


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Differences of a run to what it should give. Those of losses and gradients are relative.

    Attributes:
        at_once: 16 rows at once, to one padded batch of them.
        accumulated: 4 batches of 4 rows, to the same.
        is_said_to_be_padded: whether the run says that batches are padded.
        at_once_padded: if it says so, 16 rows at once to the same with ``batching: padded``.
        accumulated_padded: if it says so, 4 batches of 4 rows to the same, padded.
        evaluation: the validation loss, to that of rows alone.
        next_token: the loss of a row, to that of the next token; of text generation only.
        predictions: the share of rows whose prediction is another one in a batch.
        saved: the outputs of the saved model in transformers.
    """

    at_once: float
    accumulated: float
    is_said_to_be_padded: bool
    at_once_padded: float
    accumulated_padded: float
    evaluation: float
    next_token: float
    predictions: float
    saved: float

    def judge(self) -> tuple[Outcome, tuple[str, ...]]:
        """The outcome, and what deviates."""
        is_same = self.at_once <= SAME and self.accumulated <= SAME
        faults = tuple(self._faults(is_same))
        if faults:
            return "deviates", faults
        return ("same" if is_same else "padded"), ()

    def _faults(self, is_same: bool) -> Iterator[str]:
        is_as_padded = self.at_once_padded <= _AS_PADDED and self.accumulated_padded <= _AS_PADDED
        if not is_same and not (self.is_said_to_be_padded and is_as_padded):
            yield "gradient"
        # not "greater than": a difference may be no number
        if not self.evaluation <= SAME and not self.is_said_to_be_padded:
            yield "evaluation"
        if not self.next_token <= SAME and not self.is_said_to_be_padded:
            yield "next token"
        if not self.predictions <= 0:
            yield "predictions"
        if not self.saved <= _AS_SAVED:
            yield "saved model"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The outcome of a pair.

    Attributes:
        pair: the pair.
        outcome: what it amounts to.
        says: what ftspec says about padding or why it refuses, or why there is no more to tell.
        faults: what deviates.
        measures: the numbers, if the run came so far.
        seconds: how long it took.
    """

    pair: Pair
    outcome: Outcome
    says: str = ""
    faults: tuple[str, ...] = ()
    measures: Measures | None = None
    seconds: float = 0.0

    @property
    def is_bad(self) -> bool:
        """Whether the pair deviates in silence or fails with a raw error."""
        return self.outcome in BAD

    def __str__(self) -> str:
        about = ", ".join(self.faults) or self.says
        return f"{self.outcome:9} {self.pair} ({self.seconds:.1f} s) {about}"
