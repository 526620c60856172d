"""Preference tuning equals DPO in trl: the same losses and rewards, for any batching."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conversations import rows_of
from datasets import Dataset
from ftspec_preference.trainer import PreferenceTrainer
from peft import LoraConfig, PeftModel, get_peft_model
from trainers import trainer_of
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer

from ftspec.api import RunError
from ftspec.testing.runs import CompiledRun, logged

Write = Callable[..., str]
Compiled = Callable[[str], CompiledRun]


def trl_trainer(folder: Path, eval_rows: int = 10, **options: Any) -> DPOTrainer:
    """A script like the one in trl's documentation, on the same model and rows."""
    rows = [
        {
            "prompt": [{"role": "user", "content": row["prompt"]}],
            "chosen": [{"role": "assistant", "content": row["chosen"]}],
            "rejected": [{"role": "assistant", "content": row["rejected"]}],
        }
        for row in rows_of("preference", 16)
    ]
    return DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(folder),
        ref_model=AutoModelForCausalLM.from_pretrained(folder),
        args=DPOConfig(
            output_dir=str(folder / "theirs"),
            max_steps=3,
            per_device_train_batch_size=8,
            per_device_eval_batch_size=16,
            learning_rate=1e-3,
            logging_steps=1,
            gradient_checkpointing=False,
            report_to=[],
            use_cpu=True,
            bf16=False,
            **options,
        ),
        train_dataset=Dataset.from_list(rows),
        eval_dataset=Dataset.from_list(rows[:eval_rows]),
        processing_class=AutoTokenizer.from_pretrained(folder),
    )


@pytest.mark.parametrize(
    ("batching", "keys", "options"),
    [
        ("padded", "", {}),
        ("exact", "", {}),
        ("exact", "beta: 0.5, loss_type: ipo", {"beta": 0.5, "loss_type": ["ipo"]}),
        (
            "exact",
            "loss_type: robust, label_smoothing: 0.2",
            {"loss_type": ["robust"], "label_smoothing": 0.2},
        ),
        ("exact", "loss_type: aot", {"loss_type": ["aot"]}),
    ],
)
def test_losses_and_rewards_are_those_of_a_trl_script(
    batching: str,
    keys: str,
    options: dict[str, Any],
    write: Write,
    compiled: Compiled,
    tmp_path: Path,
) -> None:
    run = compiled(write("preference", keys=keys, batching=batching))
    run.trainer.save_model(str(tmp_path / "start"))
    theirs = trl_trainer(tmp_path / "start", **options)
    theirs.train()
    run.trainer.train()
    assert len(logged(theirs)) == 3
    assert logged(run.trainer) == pytest.approx(logged(theirs), abs=1e-5)
    for name in ("rewards/accuracies", "rewards/margins", "logps/chosen"):
        ours = logged(run.trainer, name)
        assert ours == pytest.approx(logged(theirs, name), rel=1e-4, abs=1e-5), name
    expected, results = theirs.evaluate(), run.trainer.evaluate()
    assert results["eval_loss"] == pytest.approx(expected["eval_loss"], abs=1e-5)
    for name in ("accuracies", "margins", "chosen", "rejected"):
        key = f"eval_rewards/{name}"
        assert results[key] == pytest.approx(expected[key], rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("batching", ["exact", "grouped", "padded"])
def test_tokens_are_counted(batching: str, write: Write, compiled: Compiled) -> None:
    """Of both answers, which the collator puts together."""
    run = compiled(write("preference", batching=batching))
    run.trainer.train()
    counts = run.trainer.token_counts
    assert len(logged(run.trainer)) == 3
    assert 0 < counts.real < counts.padded


def test_metrics_are_of_the_split_whatever_the_batches(write: Write, compiled: Compiled) -> None:
    """10 rows as one batch, and as three: the last one has two rows."""
    runs = [
        compiled(write("preference", training=f"per_device_eval_batch_size: {size}"))
        for size in (16, 4)
    ]
    results = []
    for run in runs:
        run.trainer.train()
        results.append(run.trainer.evaluate())
        rows = run.data.encoded["validation"]
        tested = run.trainer.evaluate(rows, metric_key_prefix="test")
        assert tested["test_rewards/margins"] == results[-1]["eval_rewards/margins"]
    for name in ("loss", "rewards/accuracies", "rewards/margins", "rewards/chosen"):
        whole, parts = (result[f"eval_{name}"] for result in results)
        assert parts == pytest.approx(whole, abs=1e-6), name


def test_accumulation_changes_nothing(write: Write, compiled: Compiled) -> None:
    text = write("preference")
    four = "train_batch_size: 1, gradient_accumulation_steps: 4"
    whole = compiled(text.replace("train_batch_size: 8", "train_batch_size: 4"))
    parts = compiled(text.replace("train_batch_size: 8", four))
    for run in (whole, parts):
        run.trainer.train()
    assert logged(parts.trainer) == pytest.approx(logged(whole.trainer), abs=1e-5)
    for ours, theirs in zip(
        parts.model.state_dict().values(), whole.model.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=1e-3)


@pytest.mark.parametrize(("loss_type", "is_split"), [("sigmoid", True), ("bco-pair", False)])
def test_only_batches_of_losses_that_are_means_over_rows_are_split(
    loss_type: str, is_split: bool, write: Write, compiled: Compiled
) -> None:
    run = compiled(write("preference", keys=f"loss_type: {loss_type}", batching="exact"))
    assert run.data.task.rows_are_independent is is_split
    said = any("batches are padded, not split by length" in note for note in run.trainer.notes)
    assert said is not is_split


def test_trl_tokenizes_nothing_and_tells_nobody(
    write: Write, compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(arguments)

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("trl.trainer.base_trainer.send_telemetry", refuse)
    monkeypatch.setattr("trl.trainer.dpo_trainer._tokenize", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    run = compiled(write("preference", training="save_steps: 2, eval_strategy: epoch"))
    run.trainer.train()
    assert run.trainer.train_dataset is run.data.encoded["train"]
    files = {path.name for path in Path(run.trainer.args.output_dir).rglob("*")}
    assert "model.safetensors" in files
    assert "README.md" not in files


def test_answers_are_cut_and_prompts_never(write: Write, compiled: Compiled) -> None:
    whole = compiled(write("preference", max_length=200)).data.encoded["train"]
    by_prompt = {tuple(row["prompt_ids"]): row for row in whole}
    limit = sorted(map(len, by_prompt))[8] + 1
    run = compiled(write("preference", max_length=limit))
    encoded = run.data.encoded["train"]
    assert 8 < len(encoded) < len(whole)
    for row in encoded:
        uncut = by_prompt[tuple(row["prompt_ids"])]
        for name in ("chosen_ids", "rejected_ids"):
            assert row[name] == uncut[name][: limit - len(row["prompt_ids"])]
            assert row[name] != []
    notes = "\n".join(run.trainer.notes)
    assert f"train: {16 - len(encoded)} of 16 rows are dropped" in notes
    assert f"train: the answers of {len(encoded)} rows are truncated" in notes


@pytest.mark.parametrize("full", [True, False])
def test_answers_may_repeat_the_prompt(
    full: bool, write: Write, compiled: Compiled, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    with rows.open("w") as stream:
        for row in rows_of("preference", 16):
            asked = {"role": "user", "content": row["prompt"]}
            answers = {
                name: [*[asked] * full, {"role": "assistant", "content": row[name]}]
                for name in ("chosen", "rejected")
            }
            stream.write(json.dumps({"prompt": row["prompt"], **answers}) + "\n")
    ours, texts = compiled(write("preference", rows=rows)), compiled(write("preference"))
    decode, other = ours.data.tokenizer.decode, texts.data.tokenizer.decode
    for left, right in zip(ours.data.encoded["train"], texts.data.encoded["train"], strict=True):
        for name in ("prompt_ids", "chosen_ids", "rejected_ids"):
            assert decode(left[name]) == other(right[name])


def test_a_pair_without_a_prompt_is_the_same_pair(
    write: Write, compiled: Compiled, tmp_path: Path
) -> None:
    """Both answers begin with the prompt, which the template does not name."""
    rows = tmp_path / "rows.jsonl"
    with rows.open("w") as stream:
        for row in rows_of("preference", 16):
            asked = {"from": "human", "value": row["prompt"]}
            answers = {
                name: [asked, {"from": "gpt", "value": row[name]}]
                for name in ("chosen", "rejected")
            }
            stream.write(json.dumps({"prompt": row["prompt"], **answers}) + "\n")
    without = 'chosen: "{chosen}", rejected: "{rejected}"'
    with_prompt = compiled(write("preference", rows=rows))
    run = compiled(write("preference", without, rows=rows))
    decode, other = run.data.tokenizer.decode, with_prompt.data.tokenizer.decode
    pairs = zip(run.data.encoded["train"], with_prompt.data.encoded["train"], strict=True)
    for left, right in pairs:
        for name in ("prompt_ids", "chosen_ids", "rejected_ids"):
            assert decode(left[name]) == other(right[name])
    mask = run.data.task.learned_tokens(left)
    assert set(mask["prompt_ids"]) == {False}
    assert set(mask["chosen_ids"]) == set(mask["rejected_ids"]) == {True}
    assert run.plan.input_columns == ("chosen",)
    task, model = run.data.task, run.model.eval()
    question = rows_of("preference", 1)[0]["prompt"]
    for row in ({"chosen": question}, {"chosen": json.loads(rows.open().readline())["chosen"]}):
        (answer,) = task.predict(model, [row])
        assert answer["prompt"] == question


def test_reference_of_ones_own(write: Write, compiled: Compiled, tmp_path: Path) -> None:
    first = compiled(write("preference"))
    first.trainer.train()
    first.trainer.save_model(str(tmp_path / "trained"))
    run = compiled(write("preference", keys=f'reference: "{tmp_path}/trained"'))
    mean = run.trainer.evaluate()["eval_rewards/chosen"]
    back = compiled(write("preference"))
    back.model.load_state_dict(first.model.state_dict())
    assert mean == pytest.approx(-back.trainer.evaluate()["eval_rewards/chosen"], abs=1e-5)
    with pytest.raises(RunError, match="cannot load the reference") as caught:
        compiled(write("preference", keys=f'reference: "{tmp_path}/nowhere"'))
    assert caught.value.at == ("task", "reference")


def test_adapter_is_its_own_reference(write: Write, compiled: Compiled, tmp_path: Path) -> None:
    """With an adapter there is no second model, and only trained weights are saved."""
    run = compiled(write("preference"))
    run.trainer.save_model(str(tmp_path / "start"))
    torch.manual_seed(0)
    adapted = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tmp_path / "start"),
        LoraConfig(r=4, target_modules=["c_attn"], task_type="CAUSAL_LM", fan_in_fan_out=True),
    )
    assert run.data.task.trainer_options(adapted) == {}
    trainer = trainer_of(run, adapted)
    assert isinstance(trainer, PreferenceTrainer)
    assert trainer.ref_model is None
    assert trainer.evaluate()["eval_loss"] == pytest.approx(0.693147, abs=1e-6)
    trainer.train()
    trained = [name for name, one in adapted.named_parameters() if one.requires_grad]
    assert trained
    assert all(".default." in name for name in trained)
    assert logged(trainer)[0] == pytest.approx(0.693147, abs=1e-6)
    assert logged(trainer)[-1] != pytest.approx(0.693147, abs=1e-6)
    trainer.save_model(str(tmp_path / "adapter"))
    assert not (tmp_path / "adapter" / "ref").exists()
    base = AutoModelForCausalLM.from_pretrained(tmp_path / "start")
    loaded = PeftModel.from_pretrained(base, str(tmp_path / "adapter"))
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        assert torch.allclose(loaded(ids).logits, adapted(ids).logits, atol=1e-5)
