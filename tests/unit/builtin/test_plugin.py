"""The records of the built-in components: complete, consistent and light."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import ftspec
from ftspec.components import METRIC, TASK
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Registered, Registry

BUILTINS = list(build_registry(with_entry_points=False))


@pytest.mark.parametrize(
    "one", BUILTINS, ids=lambda one: f"{one.component.kind}-{one.component.name}"
)
def test_component_is_described_down_to_every_key(one: Registered) -> None:
    component = one.component
    assert component.summary
    assert not component.summary.endswith(".")
    assert component.config.__doc__
    undescribed = [
        name for name, field in component.config.model_fields.items() if not field.description
    ]
    assert undescribed == []


@pytest.mark.parametrize(
    "one", BUILTINS, ids=lambda one: f"{one.component.kind}-{one.component.name}"
)
def test_factory_is_named_in_a_module_that_exists(one: Registered) -> None:
    module, _, attribute = one.component.factory.partition(":")
    assert module.startswith("ftspec.builtin.")
    path = Path(ftspec.__file__).parent.joinpath(*module.split(".")[1:]).with_suffix(".py")
    assert path.is_file()
    assert attribute in path.read_text(encoding="utf-8")


def test_default_metrics_of_a_task_exist_and_score_what_it_predicts(registry: Registry) -> None:
    for task in registry.of_kind(TASK):
        for prediction, names in task.component.default_metrics.items():
            for name in names:
                metric = registry.get(METRIC, name)
                assert metric is not None
                assert prediction in metric.component.scores


def test_task_by_default_predicts_something_that_it_has_metrics_for(registry: Registry) -> None:
    for task in registry.of_kind(TASK):
        config = task.component.config()
        assert config.predictions & task.component.default_metrics.keys()


def test_task_has_an_answer_to_learn_and_an_input_to_read_or_is_both(registry: Registry) -> None:
    for task in registry.of_kind(TASK):
        assert task.component.inputs
        assert all(field.summary for field in task.component.fields)
        assert any(field.required for field in task.component.fields)


def test_no_result_is_given_by_two_metrics_of_one_kind_of_prediction(registry: Registry) -> None:
    seen: set[str] = set()
    for metric in registry.of_kind(METRIC):
        assert not seen & set(metric.component.results)
        seen |= set(metric.component.results)


def test_error_measures_go_down_and_the_rest_up(registry: Registry) -> None:
    down = {
        metric.component.name
        for metric in registry.of_kind(METRIC)
        if not metric.component.greater_is_better
    }
    assert down == {"mse", "mae", "perplexity"}


def test_what_asks_the_hub_says_so(registry: Registry) -> None:
    asking = {
        (one.component.kind, one.component.name) for one in registry if one.component.uses_hub
    }
    assert {("source", "hub"), ("metric", "hub")} <= asking


def test_module_of_the_records_is_importable_without_the_train_extra() -> None:
    source = Path(ftspec.__file__).parent / "builtin" / "plugin.py"
    assert importlib.util.find_spec("ftspec.builtin.plugin") is not None
    assert " torch" not in source.read_text(encoding="utf-8")
