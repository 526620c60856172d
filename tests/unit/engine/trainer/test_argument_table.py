"""The table of training arguments that lint reads is that of the installed transformers."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Any

import pytest
from transformers import Seq2SeqTrainingArguments, TrainingArguments

from ftspec.engine.trainer.arguments import _owned
from ftspec.rundir import RunDirectory
from ftspec.spec.training import TrainingSection, argument_table
from ftspec.spec.training_names import OWNED_ARGUMENTS, RENAMED_ARGUMENTS
from tests.contract.argument_table import _alternatives, describe_arguments
from tests.unit.conftest import PlanOf

REFRESH = (
    "refresh it with: python -m tests.contract.argument_table > ftspec/spec/training_arguments.json"
)


def test_the_table_is_fresh() -> None:
    now = json.loads(json.dumps(describe_arguments()["fields"]))
    kept = argument_table()
    differing = {name for name in now.keys() | kept.keys() if now.get(name) != kept.get(name)}
    assert differing == set(), f"the table of training arguments is stale; {REFRESH}"


def test_the_module_writes_the_table() -> None:
    command = [sys.executable, "-m", "tests.contract.argument_table"]
    written = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(written)["fields"] == argument_table(), REFRESH


@pytest.mark.parametrize("name", sorted(RENAMED_ARGUMENTS))
def test_a_renamed_argument_is_gone(name: str) -> None:
    assert name not in inspect.signature(TrainingArguments).parameters


@pytest.mark.parametrize("name", sorted(OWNED_ARGUMENTS))
def test_an_owned_argument_is_there(name: str) -> None:
    assert name in inspect.signature(TrainingArguments).parameters


@pytest.mark.parametrize(
    "name", ["generation_max_length", "generation_num_beams", "predict_with_generate"]
)
def test_arguments_of_the_other_class_are_told_where_to_go(name: str) -> None:
    assert name in inspect.signature(Seq2SeqTrainingArguments).parameters
    assert name in RENAMED_ARGUMENTS


def test_what_ftspec_sets_a_spec_cannot_set(
    plan_of: PlanOf, minimal_spec: str, tmp_path: Any
) -> None:
    plan = plan_of(minimal_spec + "performance: {batching: grouped}\n")
    for precision in ("fp32", "bf16", "fp16"):
        owned = _owned(plan, RunDirectory(tmp_path), precision, needs_predictions=True)
        assert owned.keys() - {"use_cpu"} <= OWNED_ARGUMENTS.keys()
    assert not OWNED_ARGUMENTS.keys() & TrainingSection.model_fields.keys()
    assert not RENAMED_ARGUMENTS.keys() & OWNED_ARGUMENTS.keys()


def test_defaults_are_values_of_their_types() -> None:
    for name, field in TrainingSection.model_fields.items():
        TrainingSection.model_validate({name: field.default})


@pytest.mark.parametrize(
    ("annotation", "types"),
    [
        (int, ["int"]),
        (float | None, ["float", "None"]),
        (dict[str, Any] | str | None, ["dict", "str", "None"]),
        (list[str], ["list[str]"]),
        ("list[str] | None", ["list[str]", "None"]),
        ("Optional[Union[str, bool]]", ["str", "bool"]),
    ],
)
def test_types_that_yaml_can_hold(annotation: Any, types: list[str]) -> None:
    assert _alternatives(annotation) == (types, [])
