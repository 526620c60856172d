"""The reference of a run is the model that the run starts from, also with a trained adapter."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import torch
from conversations import DATA, MESSAGES, PREFERENCE, ROWS, SPEC, TEMPLATE
from ftspec_preference.trainer import PreferenceTrainer
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from trainers import trainer_of
from transformers import AutoModelForCausalLM

from ftspec.api import Plan, RunDirectory, RunError
from ftspec.testing.runs import (
    CompiledRun,
    Listener,
    compile_plan,
    execute_plan,
    interrupt_plan,
    logged,
    plan_spec,
)

Write = Callable[..., str]
Compiled = Callable[[str], CompiledRun]


def log_probs(model: Any, run: CompiledRun) -> torch.Tensor:
    """The log-probability of each answer in the validation split, by hand."""
    model.eval()
    sums = []
    for row in run.data.encoded["validation"]:
        for name in ("chosen_ids", "rejected_ids"):
            ids = torch.tensor([row["prompt_ids"] + row[name]])
            with torch.no_grad():
                scores = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
            each = scores.gather(1, ids[0, 1:, None])[:, 0]
            sums.append(each[len(row["prompt_ids"]) - 1 :].sum())
    return torch.stack(sums)


def reference_log_probs(run: CompiledRun) -> torch.Tensor:
    """The same, as the trainer computes them of its reference."""
    trainer = run.trainer
    assert isinstance(trainer, PreferenceTrainer)
    run.model.eval()
    found = []
    for row in run.data.encoded["validation"]:
        batch = {
            name: value.transpose(0, 1).flatten(0, 1)
            for name, value in trainer.data_collator([row]).items()
        }
        both = trainer.compute_ref_log_probs(trainer.ref_model or run.model, batch)
        found += [float(one) for one in both]
    return torch.tensor(found)


@pytest.mark.parametrize(
    "options",
    [
        {"target_modules": ["c_attn"], "use_dora": True},
        {"target_modules": ["c_attn", "wte"]},
        {"target_modules": ["c_attn"], "trainable_token_indices": [5, 6, 7]},
        {"target_modules": ["c_attn"], "modules_to_save": ["ln_f"]},
        {"target_modules": ["c_attn"], "bias": "all"},
        {"target_modules": ["c_attn"], "bias": "lora_only", "trainable_token_indices": [5]},
    ],
    ids=lambda options: ",".join(options),
)
def test_a_trained_adapter_is_the_reference(
    options: dict[str, Any], write: Write, compiled: Compiled
) -> None:
    """Whatever it consists of: the first loss is that of equal models, and the reference stays."""
    run = compiled(write("preference"))
    config = LoraConfig(task_type="CAUSAL_LM", fan_in_fan_out=True, r=4, **options)
    adapted = get_peft_model(run.model, config)
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter += 0.1 * torch.randn_like(parameter)
    before = log_probs(adapted, run)
    trainer = trainer_of(run, adapted)
    run = replace(run, model=adapted, trainer=trainer)
    assert (trainer.ref_model is None) == ("bias" not in options)
    assert reference_log_probs(run) == pytest.approx(before, abs=1e-4)
    trainer.train()
    assert logged(trainer)[0] == pytest.approx(math.log(2), abs=1e-7)
    assert reference_log_probs(run) == pytest.approx(before, abs=1e-4)
    assert (log_probs(adapted, run) - before).abs().max() > 1e-3


def test_weights_of_an_adapter_on_a_quantized_model_keep_their_precision(
    write: Write, compiled: Compiled
) -> None:
    """trl would round them to bf16."""
    run = compiled(write("preference"))
    adapted = get_peft_model(run.model, LoraConfig(target_modules=["c_attn"], fan_in_fan_out=True))
    adapted.is_loaded_in_4bit = True
    before = {name: one.clone() for name, one in adapted.named_parameters() if one.requires_grad}
    type(run.trainer)(
        model=adapted,
        args=run.trainer.args,
        data_collator=run.trainer.data_collator,
        train_dataset=run.data.encoded["train"],
        processing_class=run.data.tokenizer,
        task=run.data.task,
        loss_metrics=lambda loss: {},
        prediction_metrics=None,
        warn=print,
    )
    after = dict(adapted.named_parameters())
    for name, weight in before.items():
        assert torch.equal(after[name], weight)
        assert after[name].dtype == torch.float32


def test_an_adapter_of_the_output_layer_is_refused(write: Write, compiled: Compiled) -> None:
    """trl reads the weights of that layer, and would leave the adapter out."""
    run = compiled(write("preference"))
    adapted = get_peft_model(run.model, LoraConfig(target_modules=["lm_head"]))
    with pytest.raises(RunError) as caught:
        run.data.task.trainer_options(adapted)
    assert caught.value.slug == "preference/output-layer"
    assert caught.value.at == ("model", "adapter")


def spec_from(task: str, checkpoint: Path, adapter: str | None = "") -> str:
    """A spec that starts from a model, with a template whose tokens the base model lacks."""
    text = SPEC.format(
        task=task,
        template=MESSAGES if task == "chat" else PREFERENCE,
        rows=DATA / ROWS[task],
        keys="chat_template: chatml",
        training="save_strategy: 'no', eval_strategy: 'no'",
        chat_template="",
        max_length=200,
        batching="padded",
    )
    head, rest = text.split("model:\n")
    head = head.replace(", type: train, algorithm: bpe, vocab_size: 400", "")
    task_and_on = rest.split("task:", 1)[1].replace('chat_template_file: "", ', "")
    added = f", adapter: {{type: lora, r: 4{adapter}}}" if adapter is not None else ""
    model = f'model: {{checkpoint: "{checkpoint}"{added}}}\n'
    return (head + model + "task:" + task_and_on).replace("1e-3", "3e-2")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunDirectory]:
    """A base model, and a run that trained an adapter of it to chat."""
    if "peft" not in entry_points(group="ftspec").names:
        pytest.skip('no installed package has the adapter "lora"')
    folder = tmp_path_factory.mktemp("tuned")
    random = SPEC.format(
        task="chat",
        template=MESSAGES,
        rows=DATA / ROWS["chat"],
        keys="",
        training="save_strategy: 'no', eval_strategy: 'no'",
        chat_template=folder / "template.jinja",
        max_length=200,
        batching="padded",
    )
    (folder / "template.jinja").write_text(TEMPLATE)
    base = execute_plan(plan_spec(random, folder / "runs")).model
    return base, execute_plan(plan_spec(spec_from("chat", base), folder / "runs"))


@pytest.mark.parametrize(
    ("adapter", "said"),
    [("", "is trained further"), (", alpha: 4", "another adapter"), (None, "no adapter")],
)
def test_a_run_that_continues_an_adapter_starts_from_its_reference(
    adapter: str | None,
    said: str,
    tuned: tuple[Path, RunDirectory],
    plan_of: Callable[[str], Plan],
) -> None:
    """Trained further or merged: the reference is the model that the earlier run saved."""
    base, first = tuned
    listener = Listener()
    run = compile_plan(plan_of(spec_from("preference", first.path, adapter)), listener)
    assert any(said in note for note in listener.notes)
    model = AutoModelForCausalLM.from_pretrained(base)
    of_base = log_probs_of_base(model, run)
    before = log_probs(PeftModel.from_pretrained(model, str(first.model)), run)
    assert (before - of_base).abs().max() > 0.1
    assert reference_log_probs(run) == pytest.approx(before, abs=1e-3)
    run.trainer.train()
    assert logged(run.trainer)[0] == pytest.approx(math.log(2), abs=1e-6)
    assert reference_log_probs(run) == pytest.approx(before, abs=1e-3)


def log_probs_of_base(model: Any, run: CompiledRun) -> torch.Tensor:
    """The base model, with as many tokens as the tokenizer has."""
    torch.manual_seed(0)
    model.resize_token_embeddings(len(run.data.tokenizer))
    return log_probs(model, run)


def test_a_model_that_is_tuned_whole_starts_from_its_reference(
    tuned: tuple[Path, RunDirectory], plan_of: Callable[[str], Plan]
) -> None:
    base, _ = tuned
    run = compile_plan(plan_of(spec_from("preference", base.parent, None)))
    before = reference_log_probs(run)
    assert log_probs(run.model, run) == pytest.approx(before, abs=1e-4)
    run.trainer.train()
    assert logged(run.trainer)[0] == pytest.approx(math.log(2), abs=1e-7)
    assert reference_log_probs(run) == pytest.approx(before, abs=1e-4)


def test_a_resumed_run_has_the_reference_that_it_began_with(
    tuned: tuple[Path, RunDirectory], plan_of: Callable[[str], Plan]
) -> None:
    """The adapter of the earlier run, not that of the checkpoint from which it goes on."""
    plan = plan_of(spec_from("preference", tuned[1].path))
    whole = execute_plan(plan)

    resumed = execute_plan(plan, resume=interrupt_plan(plan, 2))
    expected, given = (
        load_file(one.model / "adapter_model.safetensors") for one in (whole, resumed)
    )
    assert expected.keys() == given.keys()
    for name, weight in expected.items():
        assert torch.equal(given[name], weight), name
