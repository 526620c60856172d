"""The findings of lint and their places, and specs without findings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pairs import PAIR, SCORED, TRIPLET

from ftspec.api import Plan
from ftspec.testing import lint_spec

Write = Callable[..., str]


def found(text: str) -> list[tuple[str, str]]:
    """The slug of each finding with the text it points at."""
    findings = []
    for one in lint_spec(text):
        assert one.span is not None
        findings.append((one.slug, one.span.excerpt))
    return findings


@pytest.mark.parametrize(
    ("template", "task", "training", "expected"),
    [
        (PAIR, "", "", []),
        (TRIPLET, "", "", []),
        (TRIPLET, "loss: triplet, margin: 1.0", "", []),
        (SCORED, "", "", []),
        (SCORED, "loss: cosine-similarity, max_score: 5.0", "", []),
        (PAIR, "loss: cached-multiple-negatives-ranking, mini_batch_size: 4", "", []),
        (PAIR, "loss: triplet", "", [("embeddings/missing-field", "triplet")]),
        (PAIR, "loss: cosent", "", [("embeddings/missing-field", "cosent")]),
        (
            SCORED,
            "loss: multiple-negatives-ranking",
            "",
            [("embeddings/unused-field", "score")],
        ),
        (TRIPLET + ', score: "{score}"', "", "", [("embeddings/unused-field", "negative")]),
        (PAIR, "margin: 1.0", "", [("embeddings/idle-key", "margin")]),
        (SCORED, "symmetric: true", "", [("embeddings/idle-key", "symmetric")]),
        (
            PAIR,
            "",
            "gradient_accumulation_steps: 2",
            [("embeddings/accumulated-negatives", "2")],
        ),
        (PAIR, "loss: bm25", "", [("bad-value", "bm25")]),
        (PAIR, "scale: 0.0", "", [("bad-value", "0.0")]),
    ],
)
def test_findings(
    template: str,
    task: str,
    training: str,
    expected: list[tuple[str, str]],
    write: Write,
) -> None:
    assert found(write(template, task, training)) == expected


def test_one_row_has_no_negatives(write: Write) -> None:
    alone = write().replace("per_device_train_batch_size: 8", "per_device_train_batch_size: 1")
    assert ("embeddings/no-negatives", "1") in found(alone)
    with_negatives = write(TRIPLET).replace("train_batch_size: 8", "train_batch_size: 1")
    assert "embeddings/no-negatives" not in [slug for slug, _ in found(with_negatives)]


@pytest.mark.parametrize(
    ("template", "metrics", "expected"),
    [
        (PAIR, "[retrieval]", []),
        (PAIR, "[spearman]", ["metric-mismatch"]),
        (SCORED, "[spearman, pearson]", []),
        (SCORED, "[retrieval]", ["metric-mismatch"]),
        (PAIR, "[accuracy]", ["metric-mismatch"]),
    ],
)
def test_metrics_fit_what_the_fields_give(
    template: str, metrics: str, expected: list[str], write: Write
) -> None:
    assert [slug for slug, _ in found(write(template) + f"metrics: {metrics}\n")] == expected


def test_default_metrics_follow_the_fields(write: Write, plan_of: Callable[[str], Plan]) -> None:
    assert [metric.type for metric in plan_of(write(TRIPLET)).metrics] == ["retrieval"]
    assert [metric.type for metric in plan_of(write(SCORED)).metrics] == ["spearman"]


def test_the_best_model_may_be_picked_by_a_result_with_a_key(write: Write) -> None:
    text = write(training="eval_strategy: epoch") + (
        "metrics: [{type: retrieval, k: 5}]\ncallbacks: [{type: best-model, metric: METRIC}]\n"
    )
    assert found(text.replace("METRIC", '"mrr@5"')) == []
    assert [slug for slug, _ in found(text.replace("METRIC", '"mrr@10"'))] == [
        "unknown-best-metric"
    ]
