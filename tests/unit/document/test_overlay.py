"""Merging sections and ``--set``: which value wins, and its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ftspec.diagnostics.model import Collector
from ftspec.document.load import load_document
from ftspec.document.nodes import MappingNode, to_plain
from ftspec.document.overlay import apply_overrides, merge
from ftspec.document.parse import parse_node
from ftspec.span import SourceText
from tests.unit.conftest import ParseNode, placed

Apply = Callable[..., tuple[MappingNode, list[str]]]

BASE = """\
name: x
training: {max_steps: 5, optim: sgd}
task: summarization
metrics: [rouge, {type: chrf, word_order: 2}]
callbacks:
  - {type: early-stopping, patience: 1}
tokenizer: ~
"""


@pytest.fixture(scope="session")
def apply(node_of: ParseNode) -> Apply:
    """``BASE`` after some ``--set`` arguments, and the findings."""

    def apply_written(*written: str, base: str = BASE) -> tuple[MappingNode, list[str]]:
        root, found = node_of(base), Collector()
        assert isinstance(root, MappingNode)
        return apply_overrides(root, written, found), [placed(one) for one in found]

    return apply_written


def merged(below: str, above: str) -> Any:
    found = Collector()
    nodes = [parse_node(SourceText("x.yaml", text), found) for text in (below, above)]
    assert not found.has_errors
    assert nodes[0] is not None
    assert nodes[1] is not None
    return to_plain(merge(nodes[0], nodes[1]))


# Merging


@pytest.mark.parametrize(
    ("below", "above", "both"),
    [
        ("{a: 1, b: 2}", "{b: 3, c: 4}", {"a": 1, "b": 3, "c": 4}),
        ("{a: {b: {c: 1, d: 2}}}", "{a: {b: {d: 3}}}", {"a": {"b": {"c": 1, "d": 3}}}),
        ("{a: [1, 2]}", "{a: [3]}", {"a": [3]}),
        ("{a: {b: 1}}", "{a: 2}", {"a": 2}),
        ("{a: 1}", "{a: {b: 2}}", {"a": {"b": 2}}),
        ("{a: {b: 1}}", "{a: null}", {"a": None}),
        ("{a: {b: 1}}", "{}", {"a": {"b": 1}}),
    ],
)
def test_mappings_merge_and_everything_else_replaces(below: str, above: str, both: Any) -> None:
    assert merged(below, above) == both


def test_sections_of_the_same_type_merge() -> None:
    assert merged("{t: {type: train, vocab_size: 9}}", "{t: {type: train, lowercase: true}}") == {
        "t": {"type": "train", "vocab_size": 9, "lowercase": True}
    }


def test_section_without_a_type_merges_into_the_one_below() -> None:
    assert merged("{t: {type: train, vocab_size: 9}}", "{t: {vocab_size: 7}}") == {
        "t": {"type": "train", "vocab_size": 7}
    }


def test_section_of_another_type_replaces_the_one_below() -> None:
    assert merged("{t: {type: train, vocab_size: 9}}", "{t: {type: auto, max_length: 8}}") == {
        "t": {"type": "auto", "max_length": 8}
    }


def test_keys_keep_the_order_of_the_text_below() -> None:
    assert list(merged("{a: 1, b: 2}", "{c: 3, a: 4}")) == ["a", "b", "c"]


# --set


@pytest.mark.parametrize(
    ("written", "section", "value"),
    [
        ("training.max_steps=10", "training", {"max_steps": 10, "optim": "sgd"}),
        (
            "training.learning_rate=1e-5",
            "training",
            {"max_steps": 5, "optim": "sgd", "learning_rate": 1e-5},
        ),
        ("training={max_steps: 7}", "training", {"max_steps": 7, "optim": "sgd"}),
        ("name=a=b", "name", "a=b"),
        ("name='3'", "name", "3"),
        ("name=", "name", None),
        ("output.dir=elsewhere", "output", {"dir": "elsewhere"}),
        ("callbacks=[]", "callbacks", []),
        ("callbacks[0].patience=3", "callbacks", [{"type": "early-stopping", "patience": 3}]),
        ("metrics[1]=f1", "metrics", ["rouge", "f1"]),
        (
            "metrics[0]={type: chrf}",
            "metrics",
            [{"type": "chrf"}, {"type": "chrf", "word_order": 2}],
        ),
        ("tokenizer.max_length=8", "tokenizer", {"max_length": 8}),
    ],
)
def test_override_sets_the_value_read_as_yaml(
    written: str, section: str, value: Any, apply: Apply
) -> None:
    root, findings = apply(written)
    assert findings == []
    assert to_plain(root)[section] == value


def test_option_of_a_section_written_as_a_bare_string_can_be_set(apply: Apply) -> None:
    root, findings = apply("task.num_beams=4", "metrics[0].tokenizer=english")
    assert findings == []
    assert to_plain(root)["task"] == {"type": "summarization", "num_beams": 4}
    assert to_plain(root)["metrics"][0] == {"type": "rouge", "tokenizer": "english"}


def test_later_override_wins(apply: Apply) -> None:
    root, _ = apply("name=a", "name=b")
    assert to_plain(root)["name"] == "b"


def test_override_leaves_the_document_it_came_from_alone(node_of: ParseNode) -> None:
    root, found = node_of(BASE), Collector()
    assert isinstance(root, MappingNode)
    apply_overrides(root, ["callbacks[0].patience=3"], found)
    assert to_plain(root)["callbacks"][0]["patience"] == 1


def test_set_value_stands_in_its_argument_and_its_neighbours_in_the_file(apply: Apply) -> None:
    root, _ = apply("training.max_steps=10")
    training = root.get("training")
    assert training is not None
    assert isinstance(training.value, MappingNode)
    set_, kept = training.value.entries
    assert str(set_.value.span) == "--set training.max_steps=10:1:20"
    assert set_.value.span.excerpt == "10"
    assert set_.key_span.excerpt == "training.max_steps"
    assert str(kept.value.span) == "spec.yaml:2:33"
    assert str(training.key_span) == "spec.yaml:2:1"


@pytest.mark.parametrize(
    "written", ["training.max_steps", "=3", "a b=3", "callbacks[=3", "[0]=3", "callbacks[x]=3", ""]
)
def test_argument_that_is_no_path_and_value_is_reported(written: str, apply: Apply) -> None:
    root, findings = apply(written)
    assert findings == [f"--set {written}:1:1 bad-override"]
    assert to_plain(root)["name"] == "x"


@pytest.mark.parametrize(
    "written",
    [
        "callbacks[1].patience=3",  # one past the end
        "training[0]=3",  # no list
        "name[0]=3",
        "nothing[0].patience=3",
        "metrics.f1=3",  # no mapping
        "training.max_steps.x=3",
    ],
)
def test_path_that_leads_nowhere_is_reported(written: str, apply: Apply) -> None:
    _, findings = apply(written)
    assert findings == [f"--set {written}:1:1 bad-override"]


def test_every_bad_override_is_reported(apply: Apply) -> None:
    _, findings = apply("a b=3", "name=ok", "callbacks[9]=3")
    assert findings == ["--set a b=3:1:1 bad-override", "--set callbacks[9]=3:1:1 bad-override"]


def test_broken_yaml_in_a_value_points_into_the_argument(apply: Apply) -> None:
    _, findings = apply("training={max_steps: 1, max_steps: 2}", "name=a: b: c")
    assert findings == [
        "--set training={max_steps: 1, max_steps: 2}:1:25 duplicate-key",
        "--set name=a: b: c:1:10 yaml-syntax",
    ]


def test_options_laid_on_a_bare_type_keep_it() -> None:
    found = Collector()
    text = "task: text-classification\nprofiles: {loose: {task: {threshold: 0.3}}}\n"
    document = load_document(SourceText("spec.yaml", text), found, profile="loose")

    assert document is not None
    assert list(found) == []
    assert document.plain() == {"task": {"type": "text-classification", "threshold": 0.3}}


def test_split_held_out_replaces_a_slice() -> None:
    found = Collector()
    text = (
        "data: {splits: {validation: 'validation[:5]'}}\n"
        "profiles: {small: {data: {splits: {validation: {from: train, fraction: 0.1}}}}}\n"
    )
    document = load_document(SourceText("spec.yaml", text), found, profile="small")

    assert document is not None
    assert document.plain()["data"]["splits"]["validation"] == {"from": "train", "fraction": 0.1}
