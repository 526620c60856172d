"""The metric that selects the best model is one of the metrics."""

from __future__ import annotations

import pytest

from tests.unit.conftest import Diagnose, Examine, placed

TRAINING = "training:\n  eval_strategy: epoch\n"


@pytest.mark.parametrize(
    "wanted", ["loss", "eval_loss", "accuracy", "eval_accuracy", "f1", "eval_f1"]
)
def test_result_of_a_metric_and_the_loss_are_known(
    wanted: str, diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(f"{minimal_spec}{TRAINING}  metric_for_best_model: {wanted}\n") == []


def test_result_that_no_metric_gives_points_at_its_name(
    examine: Examine, minimal_spec: str
) -> None:
    text = f"{minimal_spec}{TRAINING}  metric_for_best_model: eval_acuracy\n"
    (finding,) = examine(text).diagnostics
    assert placed(finding) == "13:26 unknown-best-metric"
    assert finding.headline == 'no metric of the spec returns "eval_acuracy"'
    assert finding.helps == ('did you mean "accuracy"?',)


@pytest.mark.parametrize(
    ("callback", "place"),
    [
        ("{type: early-stopping, metric: rouge1}", "14:36"),
        ("{type: best-model, metric: rouge1}", "14:32"),
    ],
)
def test_result_that_a_callback_watches_points_into_the_callback(
    callback: str, place: str, diagnose: Diagnose, minimal_spec: str
) -> None:
    text = f"{minimal_spec}{TRAINING}callbacks:\n  - {callback}\n"
    assert diagnose(text) == [f"{place} unknown-best-metric"]


def test_result_is_told_from_the_name_of_its_metric(examine: Examine, minimal_spec: str) -> None:
    text = minimal_spec.replace("text-classification", "summarization").replace(
        '{text: "{text}", label: "{stars}"}', "{source: x, target: y}"
    )
    (finding,) = examine(f"{text}{TRAINING}  metric_for_best_model: rouge\n").diagnostics
    assert finding.slug == "unknown-best-metric"
    assert finding.helps[0].startswith('did you mean "rouge')


def test_metric_whose_results_only_the_run_shows_ends_the_check(
    diagnose: Diagnose, minimal_spec: str
) -> None:
    metrics = "metrics: [{type: hub, path: a/b, trust_remote_code: true}]\n"
    text = f"{minimal_spec}{metrics}{TRAINING}  metric_for_best_model: anything\n"
    assert diagnose(text) == ["11:53 remote-code"]


def test_secret_name_stays_secret(examine: Examine, minimal_spec: str) -> None:
    text = f"{minimal_spec}{TRAINING}  metric_for_best_model: ${{env:METRIC}}\n"
    found = examine(text, environment={"METRIC": "hunter2secret"}).diagnostics
    assert [one.slug for one in found] == ["misplaced-secret", "unknown-best-metric"]
    assert found[1].headline == 'no metric of the spec returns "${env:METRIC}"'
