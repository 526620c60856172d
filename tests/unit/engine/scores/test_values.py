"""Curves and tables of a regression."""

from __future__ import annotations

import numpy as np
import pytest

from ftspec.engine.scores.values import summarise_values


def test_errors_by_hand() -> None:
    right = np.arange(101.0)
    found = summarise_values({"reference": right, "prediction": right * 1.1}, seed=None)
    assert [one["largest_error"] for one in found.tables["errors"]] == pytest.approx(
        [5.0, 9.0, 9.5, 9.9, 10.0]
    )
    [rows] = found.curves["predicted"].series
    assert np.array(rows.points) == pytest.approx(np.stack([right, right * 1.1], axis=1))
    [residuals] = found.curves["residuals"].series
    assert sum(count for _, count in residuals.points) == 101


def test_many_rows_are_drawn_from_all() -> None:
    right = np.arange(5000.0)
    found = summarise_values({"reference": right, "prediction": right}, seed=1)
    [rows] = found.curves["predicted"].to_json()["series"]
    assert len(rows["points"]) == 200
    assert rows["points"][0][0] < 500 < 4500 < rows["points"][-1][0]


def test_prediction_that_is_no_number_is_left_out() -> None:
    found = summarise_values({"reference": [1.0, 2.0], "prediction": [np.nan, 2.0]}, seed=1)
    assert found.tables["errors"][-1]["largest_error"] == 0
    nothing = summarise_values({"reference": [1.0], "prediction": [np.nan]}, seed=1)
    assert nothing.curves == {}
    assert nothing.notes == ["no prediction is a number: there are no curves"]
