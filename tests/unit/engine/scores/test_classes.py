"""Scores of a classifier: every number is that of scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import calibration as sklearn_calibration
from sklearn import metrics

from ftspec.engine.scores.areas import areas_of_draws
from ftspec.engine.scores.classes import summarise_class_sets, summarise_classes
from ftspec.engine.scores.intervals import FEWER_RESAMPLES, RESAMPLES, draw_counts

NAMES = [f"class {number}" for number in range(7)]


def columns(rows: int = 300, classes: int = 7, seed: int = 1) -> dict[str, Any]:
    """Rows of a classifier that is often right."""
    random = np.random.default_rng(seed)
    right = random.integers(0, classes, rows)
    logits = random.normal(size=(rows, classes))
    logits[np.arange(rows), right] += 1.5
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = NAMES[:classes]
    return {
        "reference": [names[one] for one in right],
        "prediction": [names[one] for one in scores.argmax(axis=1)],
        "score": scores.max(axis=1).tolist(),
        "scores": [dict(zip(names, map(float, row), strict=True)) for row in scores],
    }


def matrix(given: dict[str, Any]) -> np.ndarray:
    return np.array([list(row.values()) for row in given["scores"]])


@pytest.mark.parametrize("classes", [2, 4, 7])
def test_values_are_those_of_scikit_learn(classes: int) -> None:
    given = columns(classes=classes)
    names, scores, right = NAMES[:classes], matrix(given), given["reference"]
    found = summarise_classes(given, seed=3)
    wanted = {
        "log_loss": metrics.log_loss(right, scores, labels=names),
        "brier": metrics.brier_score_loss(
            right,
            scores[:, 1] if classes == 2 else scores,
            labels=names,
            pos_label=names[1] if classes == 2 else None,
        ),
        "roc_auc": metrics.roc_auc_score(right, scores[:, 1])
        if classes == 2
        else metrics.roc_auc_score(right, scores, multi_class="ovr", labels=names),
        "average_precision": np.mean(
            [
                metrics.average_precision_score([one == name for one in right], scores[:, at])
                for at, name in enumerate(names)
            ]
        ),
        "calibration_error": found.tables["calibration"]["expected_error"],
    }
    for k in (3, 5):
        if k < classes:
            wanted[f"top_{k}_accuracy"] = metrics.top_k_accuracy_score(
                right, scores, k=k, labels=names
            )
    assert found.values == pytest.approx(wanted)
    for name in wanted.keys() - {"calibration_error"}:
        low, high, resamples = found.intervals[name]
        assert low < found.values[name] < high
        assert resamples == (
            FEWER_RESAMPLES if name in ("roc_auc", "average_precision") else RESAMPLES
        )


def test_curves_are_those_of_scikit_learn() -> None:
    given = columns(rows=120)
    scores = matrix(given)
    found = summarise_classes(given, seed=None)
    assert found.intervals == {}
    for series in found.curves["roc"].series:
        right = [one == series.name for one in given["reference"]]
        column = scores[:, NAMES.index(series.name)]
        false, true, _ = metrics.roc_curve(right, column)
        assert np.array(series.points) == pytest.approx(np.stack([false, true], axis=1))
        assert series.area == pytest.approx(metrics.auc(false, true))
    areas = [series.area for series in found.curves["roc"].series]
    assert found.values["roc_auc"] == pytest.approx(np.mean(areas))
    right = np.array(given["reference"]) == np.array(given["prediction"])
    share, score = sklearn_calibration.calibration_curve(right, given["score"], n_bins=10)
    [reliability] = found.curves["reliability"].series
    assert np.array(reliability.points) == pytest.approx(np.stack([score, share], axis=1))


def test_areas_of_draws_are_those_of_the_drawn_rows() -> None:
    random = np.random.default_rng(5)
    right, scores = random.random(60) < 0.2, random.random(60).round(1)
    [counts] = draw_counts(60, 40, 7)
    roc, precision_recall = areas_of_draws(right, scores, counts)
    for draw, count in enumerate(counts.astype(int)):
        drawn = right.repeat(count), scores.repeat(count)
        if drawn[0].any():
            assert roc[draw] == pytest.approx(metrics.roc_auc_score(*drawn))
            assert precision_recall[draw] == pytest.approx(metrics.average_precision_score(*drawn))
    assert np.isnan(areas_of_draws(np.zeros(60, bool), scores, counts)).all()


def test_one_class_has_no_area_and_says_so() -> None:
    given = columns(rows=20)
    given["reference"] = [NAMES[0]] * 20
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = summarise_classes(given, seed=1)
    assert found.values.keys().isdisjoint({"roc_auc", "average_precision"})
    assert found.curves.keys() == {"reliability"}
    assert found.notes == [
        "there is no ROC curve and no area: no class has both rows of its own and others"
    ]


def test_row_of_an_unknown_class_is_an_error_without_a_log_loss() -> None:
    given = columns(rows=50)
    known = summarise_classes({name: values[5:] for name, values in given.items()}, seed=None)
    given["reference"][:5] = ["spaceship"] * 5
    found = summarise_classes(given, seed=1)
    assert found.values["log_loss"] == pytest.approx(known.values["log_loss"])
    assert found.values["top_3_accuracy"] == pytest.approx(known.values["top_3_accuracy"] * 45 / 50)


def test_curves_are_capped() -> None:
    random = np.random.default_rng(2)
    names = [str(number) for number in range(30)]
    right = random.integers(0, 30, 6000)
    scores = random.dirichlet(np.ones(30), 6000)
    found = summarise_classes(
        {
            "reference": [names[one] for one in right],
            "prediction": [names[one] for one in scores.argmax(axis=1)],
            "scores": [dict(zip(names, row, strict=True)) for row in scores],
        },
        seed=None,
    )
    curve = found.curves["precision_recall"].to_json()
    assert len(curve["series"]) == 20
    assert max(len(series["points"]) for series in curve["series"]) == 200
    for series in curve["series"]:
        assert series["points"][0][0] == 0
        assert series["points"][-1][0] == 1


def test_sets_of_classes_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(3)
    right = random.random((200, 4)) < 0.3
    scores = np.clip(right * 0.3 + random.random((200, 4)) * 0.7, 0.01, 0.99)
    names = NAMES[:4]

    def named(rows: np.ndarray) -> list[list[str]]:
        return [[names[at] for at in np.flatnonzero(row)] for row in rows]

    found = summarise_class_sets(
        {
            "reference": named(right),
            "prediction": named(scores >= 0.5),
            "scores": [dict(zip(names, row, strict=True)) for row in scores],
        },
        seed=1,
    )
    assert found.values["roc_auc"] == pytest.approx(metrics.roc_auc_score(right, scores))
    assert found.values["average_precision"] == pytest.approx(
        metrics.average_precision_score(right, scores)
    )
    losses = [metrics.log_loss(right[:, at], scores[:, at]) for at in range(4)]
    assert found.values["log_loss"] == pytest.approx(np.mean(losses))
    briers = [metrics.brier_score_loss(right[:, at], scores[:, at]) for at in range(4)]
    assert found.values["brier"] == pytest.approx(np.mean(briers))
    report = metrics.classification_report(
        right, scores >= 0.5, target_names=names, output_dict=True, zero_division=0
    )
    for row in found.tables["classes"]:
        assert row["f1"] == pytest.approx(report[row["class"]]["f1-score"])
        assert row["rows"] == report[row["class"]]["support"]
    share, score = sklearn_calibration.calibration_curve(right.ravel(), scores.ravel(), n_bins=10)
    [reliability] = found.curves["reliability"].series
    assert np.array(reliability.points) == pytest.approx(np.stack([score, share], axis=1))
