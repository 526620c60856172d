"""Regressions: where the errors are."""

from __future__ import annotations

import numpy as np

from ftspec.curves import Curve, Series
from ftspec.engine.scores.summary import Columns, Summary

_SHARES = (0.5, 0.9, 0.95, 0.99, 1.0)
_MOST_BINS = 50
_MOST_POINTS = 200


def summarise_values(columns: Columns, seed: int | None) -> Summary:
    """How large the errors of a share of the rows are at most, predictions by reference, and a
    histogram of the errors."""
    summary = Summary(seed)
    right, given = (np.asarray(columns[name], float) for name in ("reference", "prediction"))
    errors = given - right
    known = np.isfinite(errors)
    if not known.any():
        summary.notes.append("no prediction is a number: there are no curves")
        return summary
    right, given, errors = right[known], given[known], errors[known]
    largest = np.quantile(np.abs(errors), _SHARES)
    summary.tables["errors"] = [
        {"share": share, "largest_error": float(error)}
        for share, error in zip(_SHARES, largest, strict=True)
    ]
    bins = min(_MOST_BINS, len(np.histogram_bin_edges(errors, "sturges")) - 1)
    counts, edges = np.histogram(errors, bins)
    middles = (edges[:-1] + edges[1:]) / 2
    chosen = np.sort(np.random.default_rng(0).permutation(len(right))[:_MOST_POINTS])
    order = chosen[np.argsort(right[chosen], kind="stable")]
    points = list(zip(right[order], given[order], strict=True))
    summary.curves |= {
        "predicted": Curve("reference", "prediction", [Series("rows", points)]),
        "residuals": Curve(
            "prediction - reference",
            "rows",
            [Series("rows", list(zip(middles, counts.astype(float), strict=True)))],
        ),
    }
    return summary
