"""The ``training`` section: every field of TrainingArguments, and no other name."""

from __future__ import annotations

from typing import Any

import pytest

from ftspec.spec.training import GLOBAL_BATCH_SIZE, TrainingSection, argument_table
from ftspec.spec.training_names import OWNED_ARGUMENTS, RENAMED_ARGUMENTS
from tests.unit.conftest import Diagnose, Examine, PlanOf, placed


@pytest.mark.parametrize("name", sorted(RENAMED_ARGUMENTS))
def test_name_of_an_older_version_says_what_to_write(
    name: str, examine: Examine, minimal_spec: str
) -> None:
    (finding,) = examine(f"{minimal_spec}training:\n  {name}: 1\n").diagnostics
    assert placed(finding) == "12:3 renamed-key"
    assert finding.headline == f'"{name}" is not a field of the installed TrainingArguments'
    assert finding.helps == (RENAMED_ARGUMENTS[name],)


OF_TRACKERS = {name for name in OWNED_ARGUMENTS if name.startswith(("project", "trackio_"))}


@pytest.mark.parametrize("name", sorted(OWNED_ARGUMENTS.keys() - OF_TRACKERS - {"report_to"}))
def test_field_that_ftspec_sets_says_what_to_write(
    name: str, examine: Examine, minimal_spec: str
) -> None:
    (finding,) = examine(f"{minimal_spec}training:\n  {name}: 1\n").diagnostics
    assert placed(finding) == "12:3 owned-key"
    assert finding.headline == f'ftspec sets "{name}" itself'
    assert finding.helps == (OWNED_ARGUMENTS[name],)


def test_owned_names_are_fields_and_renamed_ones_are_not() -> None:
    table = argument_table()
    assert OWNED_ARGUMENTS.keys() <= table.keys()
    assert not RENAMED_ARGUMENTS.keys() & table.keys()


def test_every_other_field_of_the_table_is_one_of_the_section() -> None:
    fields = dict(TrainingSection.model_fields)
    assert fields.pop(GLOBAL_BATCH_SIZE).default is None
    assert fields.keys() == argument_table().keys() - OWNED_ARGUMENTS.keys()
    assert all(field.default == argument_table()[name]["default"] for name, field in fields.items())


def test_renamed_name_counts_in_training_alone(diagnose: Diagnose, minimal_spec: str) -> None:
    assert diagnose(minimal_spec + "output: {warmup_ratio: 0.1}\n") == ["11:10 unknown-key"]


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("learning_rate: 2e-5", "learning_rate", 2e-5),
        ("num_train_epochs: 3", "num_train_epochs", 3.0),
        ("max_steps: 10", "max_steps", 10),
        ("warmup_steps: 0.1", "warmup_steps", 0.1),
        ("logging_steps: 5", "logging_steps", 5.0),
        ("eval_strategy: epoch", "eval_strategy", "epoch"),
        ("eval_strategy: no", "eval_strategy", "no"),  # no boolean in YAML 1.2
        ("gradient_checkpointing: true", "gradient_checkpointing", True),
        ("gradient_checkpointing: null", "gradient_checkpointing", None),
        ("liger_kernel_config: {rope: true}", "liger_kernel_config", {"rope": True}),
        ("optim_target_modules: [a, b]", "optim_target_modules", ["a", "b"]),
        ("optim_target_modules: a", "optim_target_modules", "a"),
        ("include_num_input_tokens_seen: false", "include_num_input_tokens_seen", False),
    ],
)
def test_field_takes_the_types_that_training_arguments_takes(
    written: str, name: str, value: Any, plan_of: PlanOf, minimal_spec: str
) -> None:
    plan = plan_of(f"{minimal_spec}training: {{{written}}}\n")
    assert plan.training == {name: value}
    assert type(plan.training[name]) is type(value)


@pytest.mark.parametrize(
    ("written", "headline", "help_"),
    [
        (
            "learning_rate: '2e-5'",
            'training.learning_rate must be a number, found the string "2e-5"',
            "remove the quotes: 2e-5",
        ),
        (
            "max_steps: 1.5",
            "training.max_steps must be a whole number, found the number 1.5",
            "",
        ),
        ("max_steps: true", "training.max_steps must be a whole number, found true", ""),
        ("max_steps: ~", "training.max_steps must be a whole number, found null", ""),
        (
            "max_steps: 1_000",
            'training.max_steps must be a whole number, found the string "1_000"',
            "",
        ),
        (
            "max_steps: '1e3'",
            'training.max_steps must be a whole number, found the string "1e3"',
            "",
        ),
        (
            "max_steps: 'null'",
            'training.max_steps must be a whole number, found the string "null"',
            "",
        ),
        ("num_train_epochs: [3]", "training.num_train_epochs must be a number, found a list", ""),
        (
            "use_cpu: yes",
            'training.use_cpu must be true or false, found the string "yes"',
            "in YAML 1.2, write: true",
        ),
        (
            "use_cpu: Off",
            'training.use_cpu must be true or false, found the string "Off"',
            "in YAML 1.2, write: false",
        ),
        (
            "use_cpu: 'true'",
            'training.use_cpu must be true or false, found the string "true"',
            "remove the quotes: true",
        ),
        ("use_cpu: 1", "training.use_cpu must be true or false, found the number 1", ""),
        (
            "save_strategy: epochs",
            'training.save_strategy must be one of "no", "steps", "epoch" or "best", '
            'found the string "epochs"',
            'did you mean "epoch"?',
        ),
        (
            "debug: {a: 1}",
            "training.debug must be a string or a list, found a mapping",
            "",
        ),
        ("debug: [1]", "training.debug[0] must be a string, found the number 1", ""),
    ],
)
def test_value_of_the_wrong_type_says_what_it_must_be(
    written: str, headline: str, help_: str, examine: Examine, minimal_spec: str
) -> None:
    (finding,) = examine(f"{minimal_spec}training:\n  {written}\n").diagnostics
    assert finding.headline == headline
    assert finding.helps == ((help_,) if help_ else ())
    assert finding.span is not None
    assert finding.span.start.line == 11


@pytest.mark.parametrize(
    ("written", "replacement"),
    [("learning_rate: '2e-5'", "2e-5"), ("use_cpu: yes", "true"), ("max_steps: x", None)],
)
def test_fix_replaces_just_the_value(
    written: str, replacement: str | None, examine: Examine, minimal_spec: str
) -> None:
    (finding,) = examine(f"{minimal_spec}training:\n  {written}\n").diagnostics
    if replacement is None:
        assert finding.fix is None
    else:
        assert finding.fix is not None
        assert finding.fix.replacement == replacement
        assert finding.fix.span.excerpt == written.partition(": ")[2]


def test_misspelt_field_has_a_suggestion_and_a_fix(examine: Examine, minimal_spec: str) -> None:
    (finding,) = examine(f"{minimal_spec}training:\n  lerning_rate: 2e-5\n").diagnostics
    assert placed(finding) == "12:3 unknown-key"
    assert finding.headline == 'unknown key "lerning_rate" in training'
    assert finding.helps == ('did you mean "learning_rate"?',)
    assert finding.fix is not None
    assert (finding.fix.span.excerpt, finding.fix.replacement) == ("lerning_rate", "learning_rate")


def test_every_fault_of_the_section_is_reported_at_once(
    diagnose: Diagnose, minimal_spec: str
) -> None:
    section = "training:\n  seed: 3\n  warmup_ratio: 0.1\n  lerning_rate: 1\n  max_steps: x\n"
    assert diagnose(minimal_spec + section) == [
        "12:3 owned-key",
        "13:3 renamed-key",
        "14:3 unknown-key",
        "15:14 wrong-type",
    ]
