"""The top of a spec: its keys, their defaults and their values."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.spec.root import Spec
from tests.unit.conftest import Diagnose, Examine, PlanOf, placed


def test_minimal_spec_is_sound_and_the_rest_has_defaults(
    plan_of: PlanOf, minimal_spec: str
) -> None:
    plan = plan_of(minimal_spec)
    assert (plan.name, plan.description, plan.seed) == ("stdin", None, 42)
    assert plan.tokenizer.type == "auto"
    assert (plan.performance.precision, plan.performance.batching) == ("auto", "exact")
    assert plan.training == {}
    assert (plan.transforms, [one.type for one in plan.callbacks]) == ((), ["divergence"])
    assert plan.output_dir == Path.cwd() / "runs"


@pytest.mark.parametrize(
    "key", ["ftspec: 1", "data:", "preprocess:", "model: {checkpoint: acme/bert}", "task:"]
)
def test_missing_section_is_named(key: str, examine: Examine, minimal_spec: str) -> None:
    text = minimal_spec.replace(key, "description:", 1)
    missing = key.partition(":")[0]
    headlines = [one.headline for one in examine(text).diagnostics if one.slug == "missing-key"]
    assert headlines == [f'the key "{missing}" is missing in the spec']


def test_empty_spec_lists_every_section_it_needs(examine: Examine) -> None:
    findings = examine("{}").diagnostics
    assert [placed(one) for one in findings] == ["1:1 missing-key"] * 5
    assert findings[0].helps == ('"ftspec": version of the spec language',)


@pytest.mark.parametrize(
    ("line", "findings"),
    [
        ("sede: 1", ["11:1 unknown-key"]),
        ("seed: -1", ["11:7 bad-value"]),
        ("seed: 4294967296", ["11:7 bad-value"]),
        ("seed: 1.0", ["11:7 wrong-type"]),
        ("seed: '1'", ["11:7 wrong-type"]),
        ("seed: true", ["11:7 wrong-type"]),
        ("name: my run", ["11:7 bad-value"]),
        ("name: ../up", ["11:7 bad-value"]),
        ("name: .hidden", ["11:7 bad-value"]),
        ("name: ''", ["11:7 bad-value"]),
        ("name: 3", ["11:7 wrong-type"]),
        ("performance: {precision: fp8}", ["11:26 bad-value"]),
        ("performance: {batching: sorted}", ["11:25 bad-value"]),
        ("performance: {micro_batch_overhead_tokens: -1}", ["11:44 bad-value"]),
        ("performance: {max_tokens_per_device: 0}", ["11:38 bad-value"]),
        ("performance: fast", ["11:14 wrong-type"]),
        ("output: {dir: 3}", ["11:15 wrong-type"]),
        ("metrics: rouge", ["11:10 wrong-type"]),
        ("metrics: {type: f1}", ["11:10 wrong-type"]),
        ("callbacks: ~", ["11:12 wrong-type"]),
        ("training: []", ["11:11 wrong-type"]),
        ("tokenizer: ~", ["11:12 wrong-type"]),
        ("callbacks: [{patience: 1}]", ["11:13 missing-key"]),
        ("tokenizer: {type: 3}", ["11:19 wrong-type"]),
        ("extend: base.yaml", ["11:1 unknown-key"]),
    ],
)
def test_value_at_fault_is_reported_where_it_is_written(
    line: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(f"{minimal_spec}{line}\n") == findings


@pytest.mark.parametrize(
    ("version", "findings"),
    [("2", ["1:9 bad-value"]), ("'1'", ["1:9 bad-value"]), ("~", ["1:9 bad-value"])],
)
def test_other_version_of_the_language_is_refused(
    version: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(minimal_spec.replace("ftspec: 1", f"ftspec: {version}")) == findings


@pytest.mark.parametrize("name", ["a", "cnn-t5_small.v2", "3b"])
def test_name_may_be_a_folder_name(name: str, plan_of: PlanOf, minimal_spec: str) -> None:
    assert plan_of(f"{minimal_spec}name: '{name}'\n").name == name


def test_tokenizer_of_the_checkpoint_needs_no_type(plan_of: PlanOf, minimal_spec: str) -> None:
    plan = plan_of(f"{minimal_spec}tokenizer: {{max_length: 8}}\n")
    assert plan.tokenizer.type == "auto"
    assert plan.tokenizer.to_spec()["max_length"] == 8


def test_message_about_a_value_names_its_path_and_shows_it(
    examine: Examine, minimal_spec: str
) -> None:
    (finding,) = examine(f"{minimal_spec}seed: -1\n").diagnostics
    assert finding.headline == ("seed should be greater than or equal to 0, found the number -1")


def test_every_section_is_described_for_the_reference() -> None:
    assert all(field.description for field in Spec.model_fields.values())


@pytest.mark.parametrize("version", ["true", "2", "'1'", "1.5"])
def test_version_of_the_language_is_one(
    version: str, diagnose: Diagnose, minimal_spec: str
) -> None:
    (finding,) = diagnose(minimal_spec.replace("ftspec: 1", f"ftspec: {version}"))
    assert finding.startswith("1:9 ")
