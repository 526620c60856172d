"""The result of `ftspec export` for a run with an adapter: with ``--merge``, a plain model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from adapter_runs import PlanOf, spec_of
from peft import PeftModel
from transformers import AutoTokenizer

from ftspec.api import Plan, RunDirectory, RunError
from ftspec.testing.runs import compile_plan, execute_plan, export_run, predict_texts

pytestmark = pytest.mark.slow

AUTO_MODEL = {
    "bert": "AutoModelForSequenceClassification",
    "gpt2": "AutoModelForCausalLM",
    "t5": "AutoModelForSeq2SeqLM",
}
TEXTS = ["a large wild cat with a striped coat", "something to cut with"]
SUMS_IN_ANOTHER_ORDER = 1e-5  # merging changes the order of sums


def merged(plan: Plan, run_dir: RunDirectory, output: Path) -> Any:
    """The merged model, as transformers reads it."""
    export_run(plan, run_dir, output, merge=True)
    assert not list(output.glob("adapter*"))
    auto_model = getattr(transformers, plan.task.component.auto_model)
    model, report = auto_model.from_pretrained(output, output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model.eval()


def logits(model: Any, folder: Path) -> torch.Tensor:
    """The logits of a model for the texts."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    batch = dict(tokenizer(TEXTS, padding=True, return_tensors="pt"))
    if model.config.is_encoder_decoder:
        batch["decoder_input_ids"] = batch["input_ids"]
    with torch.inference_mode():
        given: torch.Tensor = model(**batch).logits
    return given


def with_plain_peft(run_dir: RunDirectory, checkpoint: Path, auto_model: str) -> Any:
    """The adapter on its checkpoint, without ftspec."""
    config = transformers.AutoConfig.from_pretrained(run_dir.model)
    base = getattr(transformers, auto_model).from_pretrained(checkpoint, config=config)
    return PeftModel.from_pretrained(base, str(run_dir.model)).eval()


@pytest.mark.parametrize(
    "keys",
    ["{}", "{bias: all}", "{use_dora: true}", "{target_modules: all-linear, use_rslora: true}"],
)
def test_merged_model_says_what_the_adapter_says(
    plan_of: PlanOf, spec: str, checkpoint: Path, architecture: str, keys: str, tmp_path: Path
) -> None:
    names = [
        f"model.adapter.{one.strip()}".replace(": ", "=")
        for one in keys.strip("{}").split(",")
        if one
    ]
    plan = plan_of(spec, [*names, "training.max_steps=4"])
    run_dir = execute_plan(plan)
    model = merged(plan, run_dir, tmp_path / "merged")
    adapted = with_plain_peft(run_dir, checkpoint, AUTO_MODEL[architecture])

    given, expected = logits(model, tmp_path / "merged"), logits(adapted, run_dir.model)

    assert torch.allclose(given, expected, rtol=0, atol=SUMS_IN_ANOTHER_ORDER)
    with adapted.disable_adapter():
        assert not torch.allclose(given, logits(adapted, run_dir.model), rtol=0, atol=1e-3)


def test_rows_of_new_tokens_are_merged(
    plan_of: PlanOf, gpt2: Path, rows: Path, tmp_path: Path
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(gpt2)
    tokenizer.add_tokens(["<cat>", "<tool>"])
    tokenizer.save_pretrained(tmp_path / "more")
    (tmp_path / "more" / "config.json").write_text((gpt2 / "config.json").read_text())
    text = spec_of("gpt2", gpt2, rows)
    # train clear winners: without dropout and at a high rate, or rounding decides between tokens
    surely = [f"model.config.{name}_pdrop=0.0" for name in ("embd", "resid", "attn")]
    surely.append("training.learning_rate=0.1")
    plan = plan_of(text, [f"tokenizer.checkpoint={tmp_path / 'more'}", *surely])
    run_dir = execute_plan(plan)

    model = merged(plan, run_dir, tmp_path / "merged")

    assert model.get_input_embeddings().num_embeddings == len(tokenizer)
    [expected] = predict_texts(plan, run_dir, ["a <cat> with a <tool>"])
    ids = AutoTokenizer.from_pretrained(tmp_path / "merged")(
        "a <cat> with a <tool>", return_tensors="pt"
    )
    new = model.generate(**ids, max_new_tokens=8, do_sample=False)[:, ids["input_ids"].shape[1] :]
    assert tokenizer.decode(new[0], skip_special_tokens=True) == expected["text"]


def test_without_merge_the_adapter_is_copied(
    plan_of: PlanOf, bert_spec: str, bert: Path, tmp_path: Path
) -> None:
    plan = plan_of(bert_spec)
    run_dir = execute_plan(plan)
    output = tmp_path / "adapter"
    export_run(plan, run_dir, output)

    names = {path.name for path in run_dir.model.iterdir()}
    assert {path.name for path in output.iterdir()} == names - {"manifest.json"}
    card = (output / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlibrary_name: peft\n")
    assert "## Metrics" in card
    assert str(bert) not in card
    trained = run_dir.read_json("lock.json")["parameters"]["trained"]
    assert f"parameters trained: {trained:,} of " in card
    config = json.loads((output / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(bert)
    assert config["modules_to_save"] == ["classifier", "score"]


def test_adapter_is_no_checkpoint_to_start_from(
    plan_of: PlanOf, bert_spec: str, bert: Path, tmp_path: Path
) -> None:
    plan = plan_of(bert_spec, ["training.max_steps=1"])
    run_dir = execute_plan(plan)
    # its run, which says what it belongs to, is elsewhere
    alone = shutil.copytree(run_dir.model, tmp_path / "alone")
    again = bert_spec.replace(str(bert), str(alone))
    with pytest.raises(RunError, match="is an adapter without the weights") as refused:
        compile_plan(plan_of(again))
    assert "ftspec export RUN_DIR OUTPUT --merge" in refused.value.helps[0]
