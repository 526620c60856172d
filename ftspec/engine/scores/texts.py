"""Generated texts: how many are exactly right, how long they are, and the worst."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ftspec.engine.scores.summary import Columns, Summary
from ftspec.engine.scores.tables import Table
from ftspec.metrics import RowSums

_MOST_ROWS = 20
_MOST_CHARACTERS = 200
_BY_QUALITY = ("chrf", "rougeL")


def summarise_texts(columns: Columns, seed: int | None) -> Summary:
    """The share of exact matches, the length of predictions relative to that of references, in
    characters, and the rows with the lowest chrF, where the task gives it."""
    summary = Summary(seed)
    references, predictions = columns["reference"], columns["prediction"]
    pairs = list(zip(predictions, references, strict=True))
    summary.add_means({"exact_match": [given == right for given, right in pairs]})
    lengths = np.array([[len(given), len(right)] for given, right in pairs], float)
    if lengths[:, 1].any():
        summary.add_sums(_LENGTH_RATIO, lengths)
    else:
        summary.notes.append("every reference is empty: there is no length ratio")
    quality = [name for name in _BY_QUALITY if name in columns]
    if quality:
        summary.tables["worst"] = _worst(columns, quality)
    return summary


def _ratio(sums: np.ndarray, rows: int) -> dict[str, np.ndarray]:
    with np.errstate(divide="ignore", invalid="ignore"):  # a draw may have empty references alone
        return {"length_ratio": sums[..., 0] / sums[..., 1]}


_LENGTH_RATIO = RowSums(lambda predictions, references: np.asarray(predictions), _ratio)


def _worst(columns: Columns, quality: Sequence[str]) -> Table:
    order = np.argsort(np.asarray(columns[quality[0]], float), kind="stable")[:_MOST_ROWS]
    return [
        {
            "row": int(row) + 1,
            **{name: float(columns[name][row]) for name in quality},
            **{name: _cut(columns[name][row]) for name in ("reference", "prediction")},
        }
        for row in order
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
