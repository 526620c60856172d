"""Starter specs: valid for every installed task, including tasks of plugins."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from ftspec.components import TASK, Prediction, TaskComponent, TaskConfig, TaskField
from ftspec.diagnostics.model import Collector, Severity
from ftspec.document.nodes import to_plain
from ftspec.document.parse import parse_node
from ftspec.linting import lint
from ftspec.planning.schema import spec_schema
from ftspec.planning.starter import stand_in, starter
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Plugin, Registered, Registry
from ftspec.span import SourceText


class RankingConfig(TaskConfig):
    """Keys that must be written, of every type."""

    name: str = Field(min_length=12, max_length=20, description="what it is called")
    order: Literal["up", "down"] = Field(description="which way")
    levels: list[int] = Field(min_length=2, description="the levels")
    count: int = Field(ge=3, description="how many")
    share: float = Field(gt=0, lt=1, description="of all")
    is_sharp: bool = Field(description="whether it is")
    weights: dict[str, float] = Field(description="of each")
    margin: float | None = Field(default=0.1, description="between neighbours")

    @property
    def predictions(self) -> frozenset[Prediction]:
        return frozenset({"value"})


BUILTINS = build_registry(with_entry_points=False)
RANKING = Registered(
    TaskComponent(
        name="ranking",
        summary="texts in order",
        config=RankingConfig,
        factory="ftspec_ranking:Ranking",
        fields=(
            TaskField(name="query", summary="what is asked"),
            TaskField(name="hint", summary="what helps", required=False),
            TaskField(name="rank", summary="the place", type="label", is_answer=True),
        ),
        auto_model="AutoModelForSequenceClassification",
        default_metrics={"value": ("mse", "pearson")},
    ),
    Plugin(name="ranking", distribution="ftspec-ranking", version="1"),
)
REGISTRY = Registry(
    {**BUILTINS.components, ("task", "ranking"): RANKING}, (*BUILTINS.plugins, RANKING.plugin)
)
TASKS = REGISTRY.names("task")


def written(task: str) -> str:
    registered = REGISTRY.get(TASK, task)
    assert registered is not None
    return starter(registered, "ftspec.schema.json")


@pytest.mark.parametrize("task", TASKS)
def test_starter_of_every_task_lints_clean(task: str) -> None:
    findings = lint(SourceText("starter.yaml", written(task)), REGISTRY)
    assert [str(one) for one in findings if one.severity is not Severity.INFO] == []


@pytest.mark.parametrize("task", TASKS)
def test_starter_of_every_task_is_valid_in_an_editor(task: str) -> None:
    node = parse_node(SourceText("starter.yaml", written(task)), Collector())
    assert node is not None
    faults = Draft202012Validator(spec_schema(REGISTRY)).iter_errors(to_plain(node))
    assert [fault.message for fault in faults] == []


@pytest.mark.parametrize("task", TASKS)
def test_starter_begins_with_the_line_that_editors_read(task: str) -> None:
    first, rest = written(task).split("\n", 1)
    assert first == "# yaml-language-server: $schema=ftspec.schema.json"
    assert rest.startswith("# ")
    assert max(len(line) for line in rest.splitlines()) <= 120


@pytest.mark.parametrize("task", TASKS)
def test_lines_that_are_commented_out_are_sound_too(task: str) -> None:
    text = written(task)
    for match in re.finditer(r"^( *)# ([a-z_]+:.*|- .*)$", text, re.MULTILINE):
        changed = text.replace(match[0], f"{match[1]}{match[2]}", 1)
        parsed = Collector()
        parse_node(SourceText("starter.yaml", changed), parsed)
        slugs = {one.slug for one in parsed} | {
            one.slug
            for one in lint(SourceText("starter.yaml", changed), REGISTRY)
            if one.severity is Severity.ERROR
        }
        # a line may stand in place of the one above it, name files to come, or begin a block
        assert slugs <= {"duplicate-key", "missing-file", "yaml-syntax", "wrong-type"}, match[0]


def test_starter_of_a_plugins_task_says_what_its_record_says() -> None:
    text = written("ranking")
    assert text.splitlines()[1] == "# texts in order (ranking, from ftspec-ranking)."
    lines = [re.sub(r"\s+", " ", line.strip()) for line in text.splitlines()]
    assert 'query: "{query}" # what is asked' in lines
    assert '# hint: "{hint}" # what helps' in lines
    loads = "a checkpoint that AutoModelForSequenceClassification can load"
    assert f"checkpoint: owner/checkpoint # change: {loads}" in lines
    assert 'name: "change-me---" # change: what it is called' in lines
    assert "levels: [1, 1] # change: the levels" in lines
    assert "# margin: 0.1 # between neighbours" in lines
    assert "# metrics: [mse, pearson]" in lines


def test_starter_fills_the_first_field_where_any_of_several_will_do() -> None:
    either = replace(RANKING.component, fields=(RANKING.component.fields[1],))
    text = starter(replace(RANKING, component=either), "ftspec.schema.json")
    assert re.search(r'^    hint: "{hint}" +# what helps$', text, re.MULTILINE)


def test_stand_in_is_as_much_as_a_schema_says() -> None:
    assert stand_in({}, {}) == "change-me"
    assert stand_in({"type": "null"}, {}) is None
    assert stand_in({"$ref": "#/$defs/x"}, {"x": {"const": 3}}) == 3
    assert stand_in({"oneOf": [{"type": "integer", "minimum": 4}]}, {}) == 4
    assert stand_in(
        {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}, {}
    ) == {"a": False}
