"""What a run with an adapter trains, reports, saves, resumes and loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from adapter_runs import PlanOf, lines_of
from safetensors.torch import load_file

from ftspec.api import RunDirectory
from ftspec.testing.commands import output_of, run_command
from ftspec.testing.runs import (
    Listener,
    compile_plan,
    execute_plan,
    interrupt_plan,
    new_run,
    predict_texts,
    save_model,
)

TEXTS = ["a large wild cat with a striped coat", "a tool to cut with"]


def parts_of(weights: dict[str, torch.Tensor]) -> set[str]:
    """Short names of the kinds of weights."""
    return {
        "adapter" if ".lora_" in name else "head" if ".classifier." in name else name
        for name in weights
    }


def weights_in(run_dir: RunDirectory) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = load_file(run_dir.model / "adapter_model.safetensors")
    return weights


def curves(run_dir: RunDirectory) -> list[dict[str, Any]]:
    """The records of steps and evaluations, without the summary at the end."""
    return [record for record in lines_of(run_dir) if "train_loss" not in record]


@pytest.mark.slow
def test_only_the_adapter_and_a_new_head_are_trained(
    plan_of: PlanOf, spec: str, checkpoint: Path, architecture: str
) -> None:
    watcher = Listener()
    run = compile_plan(plan_of(spec), watcher)
    trained = {name for name, one in run.model.named_parameters() if one.requires_grad}
    expected = {"adapter", "head"} if architecture == "bert" else {"adapter"}
    assert parts_of(dict.fromkeys(trained, torch.empty(0))) == expected
    before = {name: one.detach().clone() for name, one in run.model.named_parameters()}

    run.trainer.train()

    after = dict(run.model.named_parameters())
    assert all(torch.equal(before[name], after[name]) for name in set(before) - trained)
    assert all(not torch.equal(before[name], after[name]) for name in trained)
    stored = load_file(checkpoint / "model.safetensors")
    loaded = {name.replace(".base_layer", ""): one for name, one in after.items()}
    compared = [name for name in stored if any(known.endswith(f".{name}") for known in loaded)]
    assert len(compared) > 0.8 * len(stored)
    for name in compared:
        [own] = [one for known, one in loaded.items() if known.endswith(f".{name}")]
        assert torch.equal(own, stored[name]), name
    some = sum(one.numel() for name, one in after.items() if name in trained)
    total = sum(one.numel() for one in after.values())
    assert f"{some:,} of {total:,} parameters are trained ({some / total:.2%})" in watcher.notes


@pytest.mark.slow
def test_saved_adapter_predicts_what_the_trained_model_does(
    plan_of: PlanOf, spec: str, architecture: str
) -> None:
    plan = plan_of(spec)
    run_dir = new_run(plan)
    run = compile_plan(plan, run_dir=run_dir)
    run.trainer.train()
    save_model(run, run_dir)
    fields = [{"source" if architecture == "t5" else "text": text} for text in TEXTS]
    with torch.inference_mode():
        expected = run.data.task.predict(run.model.eval(), fields)

    given = predict_texts(plan, run_dir, TEXTS)

    for one, other in zip(given, expected, strict=True):
        assert one.get("text") == other.get("text")
        assert one.get("label") == other.get("label")
        assert one.get("scores", {}) == pytest.approx(other.get("scores", {}), abs=1e-6)


@pytest.mark.slow
def test_run_leaves_an_adapter_and_no_more(plan_of: PlanOf, spec: str, architecture: str) -> None:
    plan = plan_of(spec)
    run_dir = execute_plan(plan)

    names = {path.name for path in run_dir.model.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "config.json"} <= names
    assert {"tokenizer.json", "tokenizer_config.json", "README.md"} <= names
    assert not {"model.safetensors", "training_args.bin"} & names
    expected = {"adapter", "head"} if architecture == "bert" else {"adapter"}
    assert parts_of(weights_in(run_dir)) == expected
    card = (run_dir.model / "README.md").read_text(encoding="utf-8")
    assert "library_name: peft" in card
    assert str(plan.output_dir) not in card
    assert str(Path.home()) not in card
    assert "base_model" not in card
    lock = run_dir.read_json("lock.json")
    assert lock["packages"]["peft"]
    assert lock["plugins"]["peft"]["distribution"] == "ftspec-peft"
    assert lock["parameters"]["trained"] < 0.5 * lock["parameters"]["total"]


@pytest.mark.slow
def test_resumed_run_is_the_run_that_was_never_stopped(plan_of: PlanOf, spec: str) -> None:
    plan = plan_of(spec, ["model.adapter.dropout=0.1"])
    whole = execute_plan(plan)

    resumed = execute_plan(plan, resume=interrupt_plan(plan, 3))

    assert len(curves(resumed)) == len(curves(whole)) > 8
    for one, other in zip(curves(resumed), curves(whole), strict=True):
        assert one == pytest.approx(other, abs=1e-6)
    for name, weight in weights_in(whole).items():
        assert torch.equal(weights_in(resumed)[name], weight), name


@pytest.mark.slow
def test_best_adapter_is_loaded_at_the_end(plan_of: PlanOf, bert_spec: str) -> None:
    """The model soon memorizes eight rows."""
    text = bert_spec.replace("{topic}", "{chance}")
    text += "callbacks: [{type: best-model, metric: loss}]\n"
    settings = ["training.learning_rate=5e-2", "training.lr_scheduler_type=constant"]
    run_dir = execute_plan(plan_of(text, [*settings, "data.splits.train=train[:8]"]))
    losses = {
        record["step"]: record["eval_loss"] for record in lines_of(run_dir) if "eval_loss" in record
    }
    best = min(losses, key=lambda step: losses[step])
    assert best < max(losses)
    state = json.loads((run_dir.checkpoints / "checkpoint-8" / "trainer_state.json").read_text())
    assert state["best_global_step"] == best
    metrics = run_dir.read_json("metrics.json")
    assert metrics["validation"]["loss"] == pytest.approx(losses[best], abs=1e-6)
    stored = load_file(run_dir.checkpoints / f"checkpoint-{best}" / "adapter_model.safetensors")
    for name, weight in weights_in(run_dir).items():
        assert torch.equal(stored[name], weight), name


@pytest.mark.slow
def test_gradients_pass_frozen_layers_that_are_computed_again(plan_of: PlanOf, spec: str) -> None:
    """Reentrant is the kind that drops gradients where nothing below asks for them."""
    settings = [
        "training.gradient_checkpointing=true",
        "training.gradient_checkpointing_kwargs={use_reentrant: true}",
        "training.max_steps=4",
    ]
    plain = execute_plan(plan_of(spec, settings[2:]))
    again = execute_plan(plan_of(spec, settings))
    assert len(curves(again)) == len(curves(plain)) > 4
    for one, other in zip(curves(again), curves(plain), strict=True):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-5)


@pytest.mark.slow
def test_rows_of_new_tokens_are_learned_saved_and_loaded(
    plan_of: PlanOf, spec: str, checkpoint: Path, architecture: str, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    tokenizer.add_tokens(["<cat>"])  # a second one would begin like it, and tie with it
    more = tmp_path / "more"
    tokenizer.save_pretrained(more)
    (more / "config.json").write_text((checkpoint / "config.json").read_text())
    watcher = Listener()
    plan = plan_of(spec, [f"tokenizer.checkpoint={more}"])

    run_dir = execute_plan(plan, watcher)

    assert any("the embeddings grew" in note for note in watcher.notes)
    [name] = [name for name in weights_in(run_dir) if "trainable_tokens_delta" in name]
    assert weights_in(run_dir)[name].shape[0] == 1
    run = compile_plan(plan)
    run.trainer._load_from_checkpoint(str(run_dir.model))
    texts = ["a <cat> with a striped coat", "<cat>"]
    fields = [{"source" if architecture == "t5" else "text": text} for text in texts]
    with torch.inference_mode():
        expected = run.data.task.predict(run.model.eval(), fields)
    for one, other in zip(predict_texts(plan, run_dir, texts), expected, strict=True):
        assert one.get("text") == other.get("text")
        assert one.get("scores", {}) == pytest.approx(other.get("scores", {}), abs=1e-6)


@pytest.mark.slow
def test_secret_path_of_a_checkpoint_is_in_no_file(
    plan_of: PlanOf, bert: Path, bert_spec: str
) -> None:
    text = bert_spec.replace(str(bert), f"${{env:MODELS}}/{bert.name}")
    plan = plan_of(text, environment={"MODELS": str(bert.parent)})
    run_dir = execute_plan(plan)
    config = json.loads((run_dir.model / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == f"${{env:MODELS}}/{bert.name}"
    for path in run_dir.path.rglob("*.json"):
        assert str(bert) not in path.read_text(), path


@pytest.mark.slow
def test_checkpoint_below_an_adapter_is_read_from_the_same_variable(
    plan_of: PlanOf, bert: Path, bert_spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = bert_spec.replace(str(bert), f"${{env:MODELS}}/{bert.name}")
    run_dir = execute_plan(plan_of(text, environment={"MODELS": str(bert.parent)}))
    monkeypatch.delenv("MODELS", raising=False)
    refused = run_command("predict", run_dir.path, TEXTS[0])
    assert refused.code == 2
    assert 'the checkpoint reads the environment variable "MODELS"' in refused.err
    monkeypatch.setenv("MODELS", str(bert.parent))
    assert output_of("predict", run_dir.path, TEXTS[0])
