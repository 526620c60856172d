"""Classification metrics as functions of sums over rows: counts of classes.

scikit-learn takes milliseconds for one set of rows, and an interval needs a thousand. The tests
compare every value with that of scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from ftspec.api import RowSums

Average = Literal["macro", "micro", "weighted", "binary"]
Rate = Literal["precision", "recall", "f1"]


def accuracy_sums() -> RowSums:
    """Rows that are correct. A row over the classes is correct if every class is."""

    def of_rows(predictions: Any, references: Any) -> np.ndarray:
        is_right = np.asarray(predictions) == np.asarray(references)
        of_classes: np.ndarray = is_right.reshape(len(is_right), -1)
        return of_classes.all(axis=1, keepdims=True).astype(float)

    return RowSums(of_rows, lambda sums, rows: {"accuracy": sums[..., 0] / rows})


def rate_sums(name: Rate, average: Average) -> RowSums:
    """Precision, recall or F1 from three counts of each class: right, predicted and referred."""

    def of_rows(predictions: Any, references: Any) -> np.ndarray:
        given, right = _over_classes(predictions, references)
        if average == "binary":
            given, right = given[:, -1:], right[:, -1:]
        return np.concatenate([given * right, given, right], axis=1)

    def score(sums: np.ndarray, rows: int) -> Mapping[str, np.ndarray]:
        right, predicted, referred = np.split(sums, 3, axis=-1)
        if average == "micro":
            right, predicted, referred = (
                one.sum(axis=-1, keepdims=True) for one in (right, predicted, referred)
            )
        below = {
            "precision": predicted,
            "recall": referred,
            "f1": (predicted + referred) / 2,
        }[name]
        values = _share(right, below)
        if average == "weighted":
            return {name: _share((values * referred).sum(axis=-1), referred.sum(axis=-1))}
        # as scikit-learn: a class that no row has, and none is predicted as, is none
        is_there = predicted + referred > 0
        if average == "macro":
            return {name: _share((values * is_there).sum(axis=-1), is_there.sum(axis=-1))}
        return {name: values[..., 0]}

    return RowSums(of_rows, score)


def matthews_sums() -> RowSums:
    """The correlation of several classes: Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006."""

    def of_rows(predictions: Any, references: Any) -> np.ndarray:
        given, right = _over_classes(predictions, references)
        return np.concatenate([(given * right).sum(axis=1, keepdims=True), given, right], axis=1)

    def score(sums: np.ndarray, rows: int) -> Mapping[str, np.ndarray]:
        right = sums[..., 0]
        predicted, referred = np.split(sums[..., 1:], 2, axis=-1)
        above = right * rows - (predicted * referred).sum(axis=-1)
        below = (rows**2 - (predicted**2).sum(axis=-1)) * (rows**2 - (referred**2).sum(axis=-1))
        return {"matthews_correlation": _share(above, np.sqrt(below))}

    return RowSums(of_rows, score)


def _over_classes(predictions: Any, references: Any) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and references as 0/1 rows over the classes that either of them has."""
    given, right = np.asarray(predictions), np.asarray(references)
    if right.ndim == 2:
        return given.astype(float), right.astype(float)
    classes = np.union1d(given, right)
    return (given[:, None] == classes).astype(float), (right[:, None] == classes).astype(float)


def _share(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The quotient, 0 where nothing is below."""
    share: np.ndarray = np.zeros(np.shape(above))
    np.divide(above, below, out=share, where=np.asarray(below) > 0)
    return share
