"""A metric scores what the task predicts."""

from __future__ import annotations

import pytest

from tests.unit.conftest import Diagnose, Examine, placed


def with_task(minimal_spec: str, task: str, metrics: str) -> str:
    text = minimal_spec.replace("task: text-classification", f"task: {task}")
    if "summarization" in task:
        text = text.replace('{text: "{text}", label: "{stars}"}', "{source: x, target: y}")
    return f"{text}metrics: {metrics}\n"


@pytest.mark.parametrize(
    ("task", "metrics", "findings"),
    [
        ("text-classification", "[accuracy, f1, precision, recall]", []),
        ("text-classification", "[accuracy, rouge]", ["11:21 metric-mismatch"]),
        (
            "text-classification",
            "[{type: mse}, perplexity]",
            ["11:18 metric-mismatch", "11:24 metric-mismatch"],
        ),
        ("{type: text-classification, problem: multi-label}", "[f1]", []),
        (
            "{type: text-classification, problem: multi-label}",
            "[matthews-correlation]",
            ["11:11 metric-mismatch"],
        ),
        ("{type: text-classification, problem: regression}", "[mse, pearson]", []),
        (
            "{type: text-classification, problem: regression}",
            "[accuracy]",
            ["11:11 metric-mismatch"],
        ),
        ("summarization", "[rouge, chrf, sacrebleu]", []),
        ("summarization", "[accuracy]", ["11:11 metric-mismatch"]),
        (
            "{type: summarization, predict_with_generate: false}",
            "[rouge]",
            ["11:11 metric-mismatch"],
        ),
    ],
)
def test_metric_must_score_what_the_task_so_configured_gives(
    task: str, metrics: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(with_task(minimal_spec, task, metrics)) == findings


def test_mismatch_names_both_sides(examine: Examine, minimal_spec: str) -> None:
    (finding,) = examine(minimal_spec + "metrics: [rouge]\n").diagnostics
    assert placed(finding) == "11:11 metric-mismatch"
    assert finding.headline == (
        'the metric "rouge" scores "text", and the task "text-classification" predicts "class"'
    )
    fitting = '"accuracy", "f1", "precision", "recall", "matthews-correlation", "hub"'
    assert finding.helps[0] == f"expected one of {fitting}"
