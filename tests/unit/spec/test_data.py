"""The ``data`` and ``preprocess`` sections."""

from __future__ import annotations

import pytest

from tests.unit.conftest import Diagnose, Examine, PlanOf

# Three lines before the splits, so that "train" is on line 5.
HEAD = "ftspec: 1\ndata:\n  source: {type: hub, path: acme/reviews}\n  splits:\n"
TAIL = """\
preprocess:
  template: {text: "{text}", label: "{stars}"}
model: {checkpoint: acme/bert}
task: text-classification
"""


def with_splits(*lines: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in lines) + TAIL


def test_bare_string_is_shorthand_for_a_slice(plan_of: PlanOf) -> None:
    splits = plan_of(with_splits("train: 'train[:5]'", "test: {slice: test}")).splits
    assert splits.train.slice == "train[:5]"
    assert splits.test is not None
    assert splits.test.slice == "test"
    assert list(splits.named()) == ["train", "test"]


def test_train_is_the_whole_train_split_by_default(plan_of: PlanOf, minimal_spec: str) -> None:
    lines = minimal_spec.splitlines(keepends=True)
    splits = plan_of("".join(lines[:3] + lines[6:])).splits
    assert splits.train.slice == "train"
    assert list(splits.named()) == ["train"]


def test_held_out_split_keeps_its_settings(plan_of: PlanOf) -> None:
    held_out = "validation: {from: train, fraction: 0.1, stratify_by: stars, seed: 7}"
    validation = plan_of(with_splits("train: train", held_out)).splits.validation
    assert validation is not None
    assert (validation.from_, validation.fraction) == ("train", 0.1)
    assert (validation.stratify_by, validation.seed) == ("stars", 7)


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        # both ways at once, or only half of one
        (["train: {slice: train, fraction: 0.1}"], "5:12 bad-split"),
        (["train: {}"], "5:12 bad-split"),
        (["train: train", "validation: {from: train}"], "6:17 bad-split"),
        (["train: train", "validation: {fraction: 0.1}"], "6:17 bad-split"),
        (
            [
                "train: train",
                "validation: {from: train, fraction: 0.1, stratify_by: a, group_by: b}",
            ],
            "6:17 bad-split",
        ),
        # what it is held out of
        (["train: train", "test: {from: test, fraction: 0.1}"], "6:18 bad-split"),
        (["train: train", "test: {from: validation, fraction: 0.1}"], "6:18 bad-split"),
        (["train: {from: train, fraction: 0.5}"], "5:19 bad-split"),
        # values
        (["train: train", "validation: {from: train, fraction: 1}"], "6:41 bad-value"),
        (["train: train", "validation: {from: train, fraction: 0.0}"], "6:41 bad-value"),
        (["train: train", "validation: {from: train, fraction: '0.1'}"], "6:41 wrong-type"),
        (["train: train", "validation: {from: trian, fraction: 0.1}"], "6:24 bad-value"),
        (["train: train", "validation: {from: train, fraction: 0.1, seed: x}"], "6:52 wrong-type"),
        (["train: [train]"], "5:12 wrong-type"),
        (["train: 3"], "5:12 wrong-type"),
        (["train: train", "validaton: test"], "6:5 unknown-key"),
        (["train: train", "validation: {from_: train, fraction: 0.1}"], "6:18 unknown-key"),
    ],
)
def test_split_at_fault_is_reported_where_it_is_written(
    lines: list[str], place: str, diagnose: Diagnose
) -> None:
    assert place in diagnose(with_splits(*lines))


def test_whole_number_is_a_fraction_by_type_and_refused_by_range(examine: Examine) -> None:
    text = with_splits("train: train", "validation: {from: train, fraction: 2}")
    (finding,) = examine(text).diagnostics
    assert finding.headline == (
        "data.splits.validation.fraction should be less than 1, found the number 2"
    )


@pytest.mark.parametrize(
    ("template", "findings"),
    [
        ('{text: "{text", label: "{stars}"}', ["8:20 template-syntax"]),
        ('{text: "{}", label: "}"}', ["8:20 template-syntax", "8:33 template-syntax"]),
        ("{text: 3, label: [a]}", ["8:20 wrong-type", "8:30 wrong-type"]),
        ("{text: {text}, label: x}", ["8:20 wrong-type"]),
        ("{text: ~, label: x}", ["8:20 wrong-type"]),
        ("text", ["8:13 wrong-type"]),
        ("~", ["8:13 wrong-type"]),
    ],
)
def test_template_at_fault_is_reported_at_its_field(
    template: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    text = minimal_spec.replace('{text: "{text}", label: "{stars}"}', template)
    assert diagnose(text) == findings


def test_transforms_are_components_in_order(plan_of: PlanOf, minimal_spec: str) -> None:
    transforms = "  transforms: [{type: filter, column: text, min_words: 2}, deduplicate]\n"
    plan = plan_of(minimal_spec.replace("model:", f"{transforms}model:"))
    assert [transform.type for transform in plan.transforms] == ["filter", "deduplicate"]
