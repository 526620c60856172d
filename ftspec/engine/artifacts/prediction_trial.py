"""Which rows may be predicted together, so that the prediction of a row is that of the row alone.

Some models read padding, and in a batch give another text or other scores. A few rows are tried: in
one batch, and each alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import nn
from transformers import PreTrainedModel

from ftspec.engine.trainer.module_state import unchanged
from ftspec.protocols import Task

Together = Literal["similar lengths", "equal lengths", "no others"]
"""The rows that a row is computed together with."""

Row = Mapping[str, Any]

_SAME_IN_32_BITS, _SAME_IN_16_BITS = 1e-4, 0.05
"""Differences of scores relative to the largest. Sums of other batches are rounded differently."""


def rows_together(task: Task, model: nn.Module, rows: Sequence[Row]) -> Together:
    """Try rows of different lengths, the shortest first, with a model in evaluation mode."""
    trial = _PredictionTrial(task, model)
    alone = [(row, trial.predict([row])) for row in rows]
    if trial.are_same(trial.predict(rows), alone):
        return "similar lengths"
    if trial.are_same(trial.predict([rows[0]] * 2), alone[:1] * 2):
        return "equal lengths"
    return "no others"


class _Prediction:
    """The results of rows. Of a model that generates or classifies also the logits after the last
    token of each row, in its first pass."""

    def __init__(self, results: Sequence[Any], logits: torch.Tensor | None) -> None:
        self.results = results
        self._logits = logits

    def logits_of(self, row: int) -> torch.Tensor | None:
        """Those of a row, which may have several beams."""
        if self._logits is None:
            return None
        return self._logits[row * (len(self._logits) // len(self.results))]


class _PredictionTrial:
    def __init__(self, task: Task, model: nn.Module) -> None:
        self._task = task
        self._model = model
        is_narrow = any(
            one.is_floating_point() and one.dtype.itemsize < 4 for one in model.parameters()
        )
        self._tolerance = _SAME_IN_16_BITS if is_narrow else _SAME_IN_32_BITS

    def predict(self, rows: Sequence[Row], seed: int = 0) -> _Prediction:
        """The prediction of a batch. The same random numbers are drawn each time."""
        seen: list[torch.Tensor] = []
        with torch.random.fork_rng(), unchanged(self._model), _watching_logits(self._model, seen):
            torch.manual_seed(seed)
            results = self._task.predict(self._model, rows)
        if not seen or (seen[0].ndim == 3 and len(seen) == 1):  # the end may be padding
            return _Prediction(results, None)
        logits = seen[0] if seen[0].ndim == 2 else seen[0][:, -1]
        return _Prediction(results, logits.float().cpu())

    def are_same(self, batch: _Prediction, alone: Sequence[tuple[Row, _Prediction]]) -> bool:
        """Whether each row of a batch has the prediction of the row alone. Texts may differ if they
        are drawn by chance."""
        for at, (row, one) in enumerate(alone):
            logits, expected = batch.logits_of(at), one.logits_of(0)
            if logits is None or expected is None:
                if not _are_equal(batch.results[at], one.results[0], self._tolerance):
                    return False
            elif not self._are_close(logits, expected) or (
                not _are_equal(batch.results[at], one.results[0], self._tolerance)
                and not self._is_drawn_by_chance(row, one)
            ):
                return False
        return True

    def _is_drawn_by_chance(self, row: Row, prediction: _Prediction) -> bool:
        return self.predict([row], seed=1).results != prediction.results

    def _are_close(self, one: torch.Tensor, other: torch.Tensor) -> bool:
        if one.shape != other.shape:
            return False
        difference = torch.where(one == other, 0.0, one - other)  # both may be infinite
        return bool(difference.abs().max() <= self._tolerance * _largest(other))


def _largest(logits: torch.Tensor) -> float:
    finite = logits[logits.isfinite()]
    return float(finite.abs().max()) if len(finite) else 0.0


def _are_equal(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two results are equal, numbers up to rounding."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            _are_equal(value, other[name], tolerance) for name, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            _are_equal(*pair, tolerance) for pair in zip(one, other, strict=True)
        )
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    return bool(one == other)


@contextmanager
def _watching_logits(model: nn.Module, seen: list[torch.Tensor]) -> Iterator[None]:
    """Keep the logits of each pass, shape (rows, classes) or (rows, tokens, vocabulary)."""

    def keep(module: nn.Module, arguments: Any, outputs: Any) -> None:
        logits = getattr(outputs, "logits", None)
        if isinstance(logits, torch.Tensor) and len(seen) < 2:
            seen.append(logits.detach())

    heads = [part for part in model.modules() if isinstance(part, PreTrainedModel)]
    handles = [part.register_forward_hook(keep) for part in heads]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
