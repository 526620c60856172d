"""The ``training`` section as ``TrainingArguments``."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Seq2SeqTrainingArguments, TrainingArguments

from ftspec.builtin.tasks.config import Seq2SeqConfig, TextClassificationConfig
from ftspec.builtin.tasks.seq2seq import Seq2Seq
from ftspec.builtin.tasks.text_classification import TextClassification
from ftspec.engine.patches.pickled_arguments import no_pickled_arguments
from ftspec.engine.trainer.arguments import build_arguments
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.protocols import TaskContext
from ftspec.rundir import RunDirectory
from tests.unit import tiny
from tests.unit.conftest import PlanOf

CONTEXT: dict[str, Any] = {"section": ("task",), "seed": 1, "note": print}


@pytest.fixture
def classification() -> TextClassification:
    context = TaskContext(
        tokenizer=tiny.tokenizer("wordpiece"), max_length=32, max_target_length=16, **CONTEXT
    )
    return TextClassification(TextClassificationConfig(), context)


@pytest.fixture
def plan(plan_of: PlanOf, minimal_spec: str) -> Plan:
    return plan_of(minimal_spec + "name: mine\nseed: 7\ntraining: {learning_rate: 1e-3}\n")


def built(plan: Plan, task: Any, folder: Path, **more: Any) -> TrainingArguments:
    options: dict[str, Any] = {"precision": "fp32", "needs_predictions": True, **more}
    precision = options.pop("precision")
    return build_arguments(plan, task, RunDirectory(folder), precision, **options)


def test_the_spec_and_what_ftspec_owns(
    plan: Plan, classification: TextClassification, tmp_path: Path
) -> None:
    arguments = built(plan, classification, tmp_path)
    assert type(arguments) is TrainingArguments
    assert arguments.learning_rate == 1e-3
    assert (arguments.seed, arguments.run_name) == (7, "mine")
    assert arguments.output_dir == str(tmp_path / "checkpoints")
    assert arguments.report_to == []
    assert not arguments.remove_unused_columns
    assert not arguments.prediction_loss_only
    assert (arguments.bf16, arguments.fp16) == (False, False)
    assert built(plan, classification, tmp_path, needs_predictions=False).prediction_loss_only


def test_what_the_spec_does_not_say_is_the_default_of_transformers(
    plan: Plan, classification: TextClassification, tmp_path: Path
) -> None:
    ours, theirs = built(plan, classification, tmp_path), TrainingArguments(output_dir="x")
    for name in ("optim", "weight_decay", "num_train_epochs", "lr_scheduler_type", "max_grad_norm"):
        assert getattr(ours, name) == getattr(theirs, name)


def test_the_token_is_in_no_arguments(
    plan_of: PlanOf, minimal_spec: str, classification: TextClassification, tmp_path: Path
) -> None:
    text = "training: {push_to_hub: true, hub_token: '${env:TOKEN}', hub_strategy: end}\n"
    plan = plan_of(minimal_spec + text, environment={"TOKEN": "hunter2secret"})
    arguments = built(plan, classification, tmp_path)
    assert (arguments.push_to_hub, arguments.hub_token) == (False, None)
    assert b"hunter2secret" not in pickle.dumps(arguments)
    assert "hunter2secret" not in repr(arguments)


def test_no_pickle_of_arguments_is_ever_written(tmp_path: Path) -> None:
    arguments = TrainingArguments(output_dir=str(tmp_path))
    save = torch.save
    with no_pickled_arguments():
        torch.save(arguments, tmp_path / "training_args.bin")
        torch.save({"weight": torch.ones(2)}, tmp_path / "weights.bin")
    assert torch.save is save
    assert [path.name for path in tmp_path.iterdir()] == ["weights.bin"]
    with pytest.raises(ValueError, match="on the way"), no_pickled_arguments():
        raise ValueError("on the way")
    assert torch.save is save


def test_the_task_adds_its_own(plan: Plan, tmp_path: Path) -> None:
    context = TaskContext(
        tokenizer=tiny.tokenizer("unigram"), max_length=32, max_target_length=16, **CONTEXT
    )
    arguments = built(plan, Seq2Seq(Seq2SeqConfig(num_beams=3), context), tmp_path)
    assert isinstance(arguments, Seq2SeqTrainingArguments)
    assert arguments.predict_with_generate
    assert (arguments.generation_max_length, arguments.generation_num_beams) == (17, 3)


@pytest.mark.parametrize(
    ("precision", "flags"), [("bf16", (True, False)), ("fp32", (False, False))]
)
def test_precision(
    plan: Plan,
    classification: TextClassification,
    tmp_path: Path,
    precision: str,
    flags: tuple[bool, bool],
) -> None:
    arguments = built(plan, classification, tmp_path, precision=precision)
    assert (arguments.bf16, arguments.fp16) == flags


@pytest.mark.parametrize("compiles", [False, True])
def test_what_does_nothing_reaches_nobody(
    plan_of: PlanOf,
    minimal_spec: str,
    classification: TextClassification,
    tmp_path: Path,
    compiles: bool,
) -> None:
    """To transformers the name of a backend alone says to compile."""
    regression = "task: {type: text-classification, problem: regression}\n"
    plan = plan_of(
        minimal_spec.replace("task: text-classification\n", regression)
        + "training: {torch_compile_backend: eager, label_smoothing_factor: 0.1}\n"
        + f"performance: {{compile: {str(compiles).lower()}}}\n"
    )
    arguments = built(plan, classification, tmp_path)

    assert arguments.torch_compile is compiles
    assert arguments.torch_compile_backend == ("eager" if compiles else None)
    assert arguments.label_smoothing_factor == 0


def test_without_a_card_the_cpu_is_named(
    plan: Plan, classification: TextClassification, tmp_path: Path
) -> None:
    arguments = built(plan, classification, tmp_path)
    assert arguments.use_cpu is not torch.accelerator.is_available()


def test_an_argument_that_this_transformers_has_not(
    plan: Plan, classification: TextClassification, tmp_path: Path
) -> None:
    # lint knows the arguments of one version, and another may be installed
    with pytest.raises(RunError) as caught:
        built(replace(plan, training={"lerning_rate": 1e-3}), classification, tmp_path)
    assert caught.value.slug == "unknown-key"
    assert caught.value.at == ("training", "lerning_rate")
    assert caught.value.helps == ('did you mean "learning_rate"?',)


@pytest.mark.parametrize(
    ("training", "at"),
    [
        ({"optim": "no-such-optimizer"}, ("training", "optim")),
        (
            {"load_best_model_at_end": True, "eval_strategy": "no"},
            ("training", "load_best_model_at_end"),
        ),
        ({"lr_scheduler_type": "no-such-schedule"}, ("training",)),
    ],
)
def test_what_transformers_refuses(
    plan: Plan,
    classification: TextClassification,
    tmp_path: Path,
    training: dict[str, Any],
    at: tuple[str, ...],
) -> None:
    with pytest.raises(RunError) as caught:
        built(replace(plan, training=training), classification, tmp_path)
    assert caught.value.slug == "bad-value"
    assert caught.value.at[:1] == ("training",)
    assert caught.value.at == at
    assert caught.value.headline.startswith("transformers refuses these settings: ")
    assert "\n" not in caught.value.headline
