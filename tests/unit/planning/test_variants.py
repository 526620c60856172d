"""Many plans: what varies, and which are one spec with other seeds."""

from __future__ import annotations

from ftspec.planning.variants import variants_of, variations_of
from tests.unit.planning.test_difference import plan_with


def test_specs_that_differ_in_the_seed_are_one_variant() -> None:
    plans = [
        plan_with("training.learning_rate=1e-4"),
        plan_with("training.learning_rate=1e-3"),
        plan_with("training.learning_rate=1e-4", "seed=2", "name=other"),
        plan_with("training.learning_rate=1e-3", "seed=3", "performance.precision=fp32"),
        plan_with("training.learning_rate=1e-3", "tokenizer.max_length=64"),
    ]
    assert variants_of(plans) == [[0, 2], [1, 3], [4]]


def test_a_value_of_a_later_plan_varies() -> None:
    plans = [plan_with(), plan_with(), plan_with("training.warmup_steps=7", "seed=2")]
    found = {one.path: one for one in variations_of(plans)}
    assert found["seed",].values == (plans[0].seed, plans[0].seed, 2)
    warmup = found["training", "warmup_steps"]
    assert warmup.values[0] == warmup.values[1] != warmup.values[2] == 7
    assert warmup.effect == "result"
    assert variations_of([plan_with(), plan_with()]) == []


def test_a_plan_without_a_key_has_none() -> None:
    plans = [plan_with("metrics=[accuracy, f1]"), plan_with("metrics=[accuracy]")]
    found = variations_of(plans)
    assert found
    assert {(one.path[0], one.values[1]) for one in found} == {("metrics", "(not there)")}
