"""Every rule speaks where it applies, and is silent beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ftspec.engine.run.accounting import advice
from ftspec.engine.run.accounting.advice import RULES, Advice, Facts, advise

GOOD = Facts(
    device="cpu",
    precision="bf16",
    has_bf16=True,
    batching="exact",
    accumulation=1,
    waste=0.03,
    tokens_per_batch=2_000,
    share_of_matmul=0.8,
    lengths=range(50, 150),
    max_length=256,
    shares_of_time={"train": 0.9, "evaluate": 0.05, "save": 0.05},
    attention="sdpa",
)
SLOW = {"share_of_matmul": 0.2, "tokens_per_batch": 100.0}
ON_GPU = {"device": "cuda", "memory_share": 0.2}
LONG_TAIL = [100] * 990 + [5_000] * 10

Rule = Callable[[Facts], Advice | None]

CASES: list[tuple[Rule, str, dict[str, Any], dict[str, Any]]] = [
    (advice.use_bf16, "performance.precision", {"precision": "fp32"}, {"has_bf16": False}),
    (
        advice.split_batches,
        "performance.batching",
        {"batching": "padded", "waste": 0.5},
        {"waste": 0.1},
    ),
    (
        advice.split_batches,
        "performance.batching",
        {"batching": "padded", "waste": 0.5},
        {"rows_are_independent": False},
    ),
    (
        advice.drop_attention_dropout,
        "model.config.attn_pdrop",
        {"dropout_key": "attn_pdrop"},
        {"device": "cuda"},
    ),
    (
        advice.drop_attention_dropout,
        "model.config.attention_probs_dropout_prob",
        {"dropout_key": "attention_probs_dropout_prob"},
        {"attention": "eager"},
    ),
    (
        advice.fill_batches,
        "training.per_device_train_batch_size",
        SLOW,
        {"share_of_matmul": 0.7},
    ),
    (
        advice.fill_batches,
        "training.per_device_train_batch_size",
        SLOW | ON_GPU,
        {"memory_share": 0.9},
    ),
    (
        advice.fill_batches,
        "training.global_batch_size",
        SLOW | {"sets_global_batch": True},
        {"share_of_matmul": 0.7},
    ),
    (
        advice.fill_batches,
        "training.per_device_train_batch_size",
        SLOW | {"accumulation": 4, "batching": "grouped", "sets_global_batch": True},
        {"tokens_per_batch": 4_000.0},
    ),
    (
        advice.fill_batches,
        "training.gradient_accumulation_steps",
        SLOW | {"accumulation": 4, "batching": "grouped"},
        {"tokens_per_batch": 4_000.0},
    ),
    (advice.shorten_rows, "tokenizer.max_length", {"lengths": LONG_TAIL}, {"lengths": [100] * 99}),
    (
        advice.lengthen_rows,
        "tokenizer.max_length",
        {"lengths": [50] * 90 + [256] * 10},
        {"lengths": [50] * 99 + [256]},
    ),
    (
        advice.keep_activations,
        "training.gradient_checkpointing",
        ON_GPU | {"is_checkpointing": True},
        {"memory_share": 0.8},
    ),
    (
        advice.evaluate_less,
        "training.eval_strategy",
        {"shares_of_time": {"evaluate": 0.5}},
        {"shares_of_time": {"evaluate": 0.2}},
    ),
    (
        advice.save_less,
        "training.save_strategy",
        {"shares_of_time": {"save": 0.5}},
        {"shares_of_time": {"save": 0.2}},
    ),
]


@pytest.mark.parametrize(("rule", "key", "applies", "beside"), CASES)
def test_a_rule(rule: Rule, key: str, applies: dict[str, Any], beside: dict[str, Any]) -> None:
    facts = replace(GOOD, **applies)
    found = rule(facts)
    assert found is not None
    assert found.key == key
    assert found in advise(facts)
    assert rule(replace(facts, **beside)) is None


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(RULES)


def test_a_good_run_needs_no_advice() -> None:
    assert advise(GOOD) == []


def test_figures_are_those_of_the_run() -> None:
    found = advice.shorten_rows(replace(GOOD, lengths=LONG_TAIL))
    assert found is not None
    saved = 10 * 4_900 / (990 * 100 + 10 * 5_000)
    assert f"100 computes {saved:.0%} fewer tokens" in found.text
    cut = advice.lengthen_rows(replace(GOOD, lengths=[50] * 90 + [256] * 10))
    assert cut is not None
    assert cut.text.startswith("10% of the rows have 256 tokens")


def test_no_other_accumulation_learns_the_same_where_a_batch_is_more_than_its_rows() -> None:
    facts = replace(GOOD, **SLOW, accumulation=4, batching="padded", rows_are_independent=False)
    found = advice.fill_batches(facts)
    assert found is not None
    assert found.key == "training.per_device_train_batch_size"


def test_blocks_of_one_length_are_neither_too_long_nor_cut() -> None:
    assert advise(replace(GOOD, lengths=[])) == []
