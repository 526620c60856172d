"""Component records and the base classes of their configs."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import pytest
from pydantic import ValidationError

from ftspec.components import (
    KINDS,
    AdapterComponent,
    CallbackComponent,
    CallbackConfig,
    Component,
    LauncherComponent,
    MetricComponent,
    SourceComponent,
    TaskComponent,
    TaskConfig,
    TokenizerComponent,
    TokenizerConfig,
    TransformComponent,
)
from ftspec.spec.base import (
    AdapterSection,
    CallbackSection,
    ComponentConfig,
    ComponentSection,
    LauncherSection,
    MetricSection,
    SourceSection,
    TaskSection,
    TokenizerSection,
    TransformSection,
)

SECTIONS: dict[type[Component], type[ComponentSection]] = {
    AdapterComponent: AdapterSection,
    CallbackComponent: CallbackSection,
    LauncherComponent: LauncherSection,
    MetricComponent: MetricSection,
    SourceComponent: SourceSection,
    TaskComponent: TaskSection,
    TokenizerComponent: TokenizerSection,
    TransformComponent: TransformSection,
}


@pytest.mark.parametrize("record", SECTIONS, ids=lambda record: record.kind)
def test_each_kind_has_a_record_and_a_section_of_the_same_name(record: type[Component]) -> None:
    assert record.kind == SECTIONS[record].kind


def test_every_kind_is_covered() -> None:
    assert set(SECTIONS) == set(Component.__subclasses__())
    assert set(SECTIONS.values()) == set(ComponentSection.__subclasses__())
    assert {kind.record for kind in KINDS.values()} == set(SECTIONS)


def test_kinds_of_components_and_of_sections_have_the_same_names() -> None:
    assert set(KINDS) == {section.kind for section in SECTIONS.values()}


def test_record_takes_keywords_alone_and_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        SourceComponent("x", "", ComponentConfig, "a:b")  # type: ignore[call-arg]
    record = SourceComponent(name="x", summary="", config=ComponentConfig, factory="a:b")
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.name = "y"  # type: ignore[misc]


def test_record_installs_with_the_train_extra_by_default() -> None:
    record = SourceComponent(name="x", summary="", config=ComponentConfig, factory="a:b")
    assert record.install == "pip install 'ftspec[train]'"
    assert (record.requires, record.aliases, record.uses_hub) == ((), (), False)


@pytest.mark.parametrize("field", ["max_length", "max_target_length"])
@pytest.mark.parametrize("value", [1, 0, -3, "8", 8.5, True])
def test_length_of_a_tokenizer_is_a_whole_number_of_two_or_more(field: str, value: object) -> None:
    assert TokenizerConfig.model_validate({field: 2}).model_dump()[field] == 2
    with pytest.raises(ValidationError):
        TokenizerConfig.model_validate({field: value})


def test_task_must_say_what_it_predicts() -> None:
    with pytest.raises(NotImplementedError):
        _ = TaskConfig().predictions


def test_what_a_task_predicts_may_depend_on_the_fields() -> None:
    class Config(TaskConfig):
        @property
        def predictions(self) -> frozenset[str]:
            return frozenset({"text"})

    class Pairs(Config):
        def predictions_from(self, fields: Collection[str]) -> frozenset[str]:
            return frozenset({"value"}) if "score" in fields else self.predictions

    assert Config().predictions_from(["text", "score"]) == {"text"}
    assert Pairs().predictions_from(["text", "score"]) == {"value"}
    assert Pairs().predictions_from(["text"]) == {"text"}


def test_results_of_a_metric_may_hold_values_of_its_keys() -> None:
    class Config(ComponentConfig):
        k: int = 10

    metric = MetricComponent(
        name="x",
        summary="",
        config=Config,
        factory="a:b",
        scores=frozenset({"text"}),
        results=("recall@1", "recall@{k}"),
    )
    assert metric.results_of(Config()) == ("recall@1", "recall@10")
    assert metric.results_of(Config(k=5)) == ("recall@1", "recall@5")


def test_callback_needs_no_training_settings_by_default() -> None:
    assert CallbackConfig().training_defaults({"eval_strategy": "epoch"}) == {}


def test_config_is_closed_strict_and_frozen() -> None:
    class Config(ComponentConfig):
        count: int = 1

    for values in ({"cuont": 2}, {"count": "2"}, {"count": 2.0}):
        with pytest.raises(ValidationError):
            Config.model_validate(values)
    with pytest.raises(ValidationError):
        Config().count = 2  # type: ignore[misc]


def test_section_keeps_the_keys_of_its_component_as_written() -> None:
    section = SourceSection.model_validate({"type": "json", "files": ["a"], "options": 3})
    assert (section.type, section.options) == ("json", {"files": ["a"], "options": 3})
    assert SourceSection.model_validate("json").options == {}
