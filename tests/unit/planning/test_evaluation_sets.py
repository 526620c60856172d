"""Named sets in a plan: what they change of its identity, and where they are written."""

from __future__ import annotations

import json

import pytest

from tests.unit.conftest import Examine, PlanOf

SETS = """
  evaluation:
    late: "test[50%:]"
    web:
      source: {type: hub, path: acme/web, revision: v1}
      transforms: [deduplicate]
      template: {text: "{body}", label: "{label}"}
      by: [lang]
      during_training: true
"""


@pytest.fixture
def with_sets(minimal_spec: str) -> str:
    assert "\ndata:\n" in minimal_spec
    return minimal_spec.replace("\ndata:\n", f"\ndata:{SETS}", 1)


def test_sets_do_not_change_the_identity(
    with_sets: str, minimal_spec: str, plan_of: PlanOf
) -> None:
    assert plan_of(with_sets).digest() == plan_of(minimal_spec).digest()


def test_set_that_selects_the_best_model_is_part_of_the_identity(
    with_sets: str, plan_of: PlanOf
) -> None:
    best = ["training.metric_for_best_model=web/f1", "training.eval_strategy=epoch"]
    watched = plan_of(with_sets, overrides=best)
    assert watched.watched_set == "web"
    assert watched.training["greater_is_better"] is True
    other_rows = plan_of(with_sets, overrides=[*best, "data.evaluation.web.slice=test[:9]"])
    assert other_rows.digest() != watched.digest()
    other_set = plan_of(with_sets, overrides=[*best, "data.evaluation.late=test[:9]"])
    assert other_set.digest() == watched.digest()


def test_bare_metric_is_of_validation(minimal_spec: str, plan_of: PlanOf) -> None:
    plan = plan_of(minimal_spec, overrides=["training.metric_for_best_model=validation/f1"])
    assert plan.training["metric_for_best_model"] == "f1"
    bare = plan_of(minimal_spec, overrides=["training.metric_for_best_model=f1"])
    assert plan == bare


def test_resolved_spec_gives_the_same_sets(with_sets: str, plan_of: PlanOf) -> None:
    plan = plan_of(with_sets)
    again = plan_of(json.dumps(plan.to_spec()))
    assert again.to_spec() == plan.to_spec()
    assert [one.at for one in again.components] == [one.at for one in plan.components]


def test_plan_of_a_set_has_its_data(with_sets: str, plan_of: PlanOf) -> None:
    plan = plan_of(with_sets)
    web, late = plan.of_set("web"), plan.of_set("late")
    assert (web.template["text"], late.template) == ("{body}", plan.template)
    assert [one.type for one in web.transforms] == ["deduplicate"]
    assert (web.has_open_splits, late.splits.train.slice) == (True, "test[50%:]")
    assert web.source.at == ("data", "evaluation", "web", "source")


@pytest.mark.parametrize(
    ("name", "path", "place"),
    [
        ("web", ("preprocess", "template", "text"), ("template", "text")),
        ("late", ("preprocess", "template", "text"), ()),
        ("late", ("data", "splits", "train", "slice"), ("slice",)),
        ("web", ("data", "source", "path"), ("source", "path")),
    ],
)
def test_mistake_in_the_data_of_a_set_is_at_the_set(
    name: str, path: tuple[str, ...], place: tuple[str, ...], with_sets: str, plan_of: PlanOf
) -> None:
    planned = plan_of(with_sets).evaluation[name]
    assert planned.place_of(path) == ("data", "evaluation", name, *place)


def test_mistake_of_the_spec_is_not_said_again_of_its_sets(
    with_sets: str, examine: Examine
) -> None:
    spec = with_sets.replace('"{body}"', '"{body}", labl: "x"')
    found = [one.headline for one in examine(spec).diagnostics]
    assert sum('no field "labl"' in one for one in found) == 1
