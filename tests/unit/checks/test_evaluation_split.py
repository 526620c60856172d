"""Settings that need evaluations, and a split to evaluate on."""

from __future__ import annotations

import pytest

from tests.unit.conftest import Diagnose

VALIDATION = '    validation: "train[90%:]"\n'


@pytest.mark.parametrize(
    ("lines", "findings"),
    [
        ("training: {eval_strategy: epoch}", []),
        ("training: {eval_strategy: no}\ncallbacks: [generated-samples]", []),
        ("training: {eval_strategy: epoch}\ncallbacks: [early-stopping]", []),
        ("callbacks: [early-stopping]", ["11:13 no-evaluation"]),
        ("callbacks: [{type: best-model}]", ["11:13 no-evaluation"]),
        ("training: {load_best_model_at_end: true}", ["11:36 no-evaluation"]),
        (
            "training: {load_best_model_at_end: true}\ncallbacks: [best-model]",
            ["11:36 no-evaluation"],
        ),
        (
            "training: {load_best_model_at_end: true}\ncallbacks: [early-stopping]",
            ["11:36 no-evaluation", "12:13 no-evaluation"],
        ),
        ("training: {eval_strategy: no, load_best_model_at_end: false}", []),
    ],
)
def test_with_a_validation_split(
    lines: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(f"{minimal_spec}{lines}\n") == findings


@pytest.mark.parametrize(
    ("lines", "findings"),
    [
        ("training: {max_steps: 3}", []),
        ("training: {eval_strategy: no}", []),
        ("training: {eval_strategy: epoch}", ["10:27 no-validation-split"]),
        ("training:\n  eval_strategy: steps", ["11:18 no-validation-split"]),
        ("callbacks: [early-stopping]", ["10:13 no-validation-split"]),
        (
            "training: {eval_strategy: epoch}\ncallbacks: [x, early-stopping]".replace(
                "x", "generated-samples"
            ),
            ["10:27 no-validation-split", "11:32 no-validation-split"],
        ),
    ],
)
def test_without_a_validation_split(
    lines: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    text = minimal_spec.replace(VALIDATION, "")
    assert diagnose(f"{text}{lines}\n") == findings


def test_evaluation_that_comes_from_the_command_line_points_there(
    diagnose: Diagnose, minimal_spec: str
) -> None:
    findings = diagnose(
        minimal_spec.replace(VALIDATION, ""), overrides=["training.eval_strategy=epoch"]
    )
    assert findings == ["--set training.eval_strategy=epoch:1:24 no-validation-split"]
