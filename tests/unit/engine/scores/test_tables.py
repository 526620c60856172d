"""Tables of a classifier, by hand."""

from __future__ import annotations

import pytest

from ftspec.engine.scores.tables import (
    MOST_CLASSES,
    calibration,
    class_report,
    confused_pairs,
    confusion,
)

REFERENCES = ["cat", "cat", "cat", "dog", "dog", "emu"]
PREDICTIONS = ["cat", "dog", "dog", "dog", "dog", "cat"]


def test_each_class_has_its_rates_the_most_frequent_first() -> None:
    assert class_report(REFERENCES, PREDICTIONS) == [
        {"class": "cat", "precision": 0.5, "recall": pytest.approx(1 / 3), "f1": 0.4, "rows": 3},
        {"class": "dog", "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "rows": 2},
        {"class": "emu", "precision": 0.0, "recall": 0.0, "f1": 0.0, "rows": 1},
    ]


def test_class_may_be_called_as_an_average_of_the_library_is() -> None:
    assert {one["class"] for one in class_report(["accuracy", "x"], ["accuracy", "x"])} == {
        "accuracy",
        "x",
    }
    named = class_report(["macro avg", "x"], ["macro avg", "macro avg"])
    assert {one["class"]: one["rows"] for one in named} == {"macro avg": 1, "x": 1}


def test_confusion_counts_rows() -> None:
    assert confusion(REFERENCES, PREDICTIONS) == {
        "classes": ["cat", "dog", "emu"],
        "counts": [[1, 2, 0], [0, 2, 0], [1, 0, 0]],
    }
    many = [str(number) for number in range(MOST_CLASSES + 1)]
    assert confusion(many, many) is None


def test_confused_pairs_have_an_example() -> None:
    assert confused_pairs(REFERENCES, PREDICTIONS) == [
        {"reference": "cat", "prediction": "dog", "rows": 2, "example": 2},
        {"reference": "emu", "prediction": "cat", "rows": 1, "example": 6},
    ]
    assert confused_pairs(REFERENCES, REFERENCES) == []


def test_calibration_error_by_hand() -> None:
    error, bins = calibration([0.95, 0.85, 0.85, 1.0], [True, True, False, True])
    # one bin of two rows at 0.85 with half of them right, one of two at 0.975 with all right
    assert error == pytest.approx(0.5 * 0.35 + 0.5 * 0.025)
    assert [(one["rows"], one["right"]) for one in bins] == [(2, 0.5), (2, 1.0)]
