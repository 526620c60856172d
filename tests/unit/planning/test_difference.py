"""The differences between two plans, and their effects."""

from __future__ import annotations

import pytest

from ftspec.linting import examine
from ftspec.planning.difference import compare_plans
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText
from tests.unit.document.test_ignores import SPEC


def plan_with(*overrides: str) -> Plan:
    verdict = examine(SourceText("spec.yaml", SPEC), build_registry(), overrides=overrides)
    assert verdict.plan is not None
    return verdict.plan


@pytest.mark.parametrize(
    ("override", "effect"),
    [
        ("tokenizer.max_length=64", "data"),
        ("preprocess.template.text=x {text}", "data"),
        ("training.learning_rate=1e-3", "result"),
        ("seed=3", "result"),
        ("metrics=[accuracy]", "measurement"),
        ("performance.precision=fp32", "speed"),
        ("training.dataloader_num_workers=2", "speed"),
        ("training.per_device_eval_batch_size=2", "speed"),
        ("training.logging_steps=3", "record"),
        ("name=other", "record"),
    ],
)
def test_effect_of_a_difference(override: str, effect: str) -> None:
    found = compare_plans(plan_with(), plan_with(override))

    assert {one.effect for one in found} == {effect}


def test_default_written_out_is_no_difference() -> None:
    assert compare_plans(plan_with(), plan_with("training.adam_beta1=0.9", "seed=42")) == []


def test_step_cut_otherwise_changes_only_the_speed() -> None:
    whole = plan_with("training.per_device_train_batch_size=16")
    cut = plan_with(
        "training.per_device_train_batch_size=4", "training.gradient_accumulation_steps=4"
    )

    assert {one.effect for one in compare_plans(whole, cut)} == {"speed"}
    assert {one.effect for one in compare_plans(plan_with(), cut)} == {"result"}
