"""transformers loads each model of the loopback Hub under its real name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub import prose
from tests.hub.client import run
from tests.hub.server import HubServer

LOAD_MODELS = """
import json, torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM
from transformers import AutoModelForSequenceClassification, AutoTokenizer

heads = {
    "google-bert/bert-base-uncased": AutoModelForSequenceClassification,
    "openai-community/gpt2": AutoModelForCausalLM,
    "gpt2": AutoModelForCausalLM,
    "google-t5/t5-small": AutoModelForSeq2SeqLM,
    "google/mt5-small": AutoModelForSeq2SeqLM,
}
facts = {"bare": AutoConfig.from_pretrained("bert-base-uncased").model_type}
for name, head in heads.items():
    tokenizer = AutoTokenizer.from_pretrained(name)
    model, loading = head.from_pretrained(name, output_loading_info=True)
    batch = tokenizer(["A word of eight letters is 'sentence'."], return_tensors="pt")
    if head is AutoModelForSeq2SeqLM:
        batch["decoder_input_ids"] = torch.zeros((1, 1), dtype=torch.long)
    with torch.no_grad():
        logits = model(**batch).logits
    facts[name] = {
        "tokenizer": type(tokenizer).__name__,
        "model": type(model).__name__,
        "marks": [tokenizer.pad_token, tokenizer.eos_token, tokenizer.unk_token],
        "vocabulary": [len(tokenizer), model.config.vocab_size],
        "missing": sorted(loading["missing_keys"]),
        "finite": bool(torch.isfinite(logits).all()),
    }

lines = [json.loads(line)["bn"] for line in open(BANGLA, encoding="utf-8")]
encoded = tokenizer(lines).input_ids
decoded = tokenizer.batch_decode(encoded, skip_special_tokens=True)
facts["bangla"] = {
    "changed": [line for line, text in zip(lines, decoded, strict=True) if line != text],
    "unknown": sum(ids.count(tokenizer.unk_token_id) for ids in encoded),
    "lines": len(lines),
}
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def models(hub_environment: dict[str, str]) -> dict[str, Any]:
    program = f"BANGLA = {str(prose.TEXT / 'bangla.jsonl')!r}\n{LOAD_MODELS}"
    facts: dict[str, Any] = run(program, hub_environment)
    return facts


@pytest.mark.parametrize(
    ("name", "model", "tokenizer", "marks"),
    [
        (
            "google-bert/bert-base-uncased",
            "BertForSequenceClassification",
            "BertTokenizer",
            ["[PAD]", None, "[UNK]"],
        ),
        (
            "openai-community/gpt2",
            "GPT2LMHeadModel",
            "GPT2Tokenizer",
            [None, "<|endoftext|>", "<|endoftext|>"],
        ),
        (
            "google-t5/t5-small",
            "T5ForConditionalGeneration",
            "T5Tokenizer",
            ["<pad>", "</s>", "<unk>"],
        ),
        (
            "google/mt5-small",
            "MT5ForConditionalGeneration",
            "T5Tokenizer",
            ["<pad>", "</s>", "<unk>"],
        ),
    ],
)
def test_model_loads_by_its_hub_name(
    models: dict[str, Any], name: str, model: str, tokenizer: str, marks: list[str | None]
) -> None:
    facts = models[name]
    assert (facts["model"], facts["tokenizer"]) == (model, tokenizer)
    assert facts["marks"] == marks
    assert facts["vocabulary"][0] == facts["vocabulary"][1]
    assert facts["finite"]
    head = ["classifier.bias", "classifier.weight"] if "bert" in name else []
    assert facts["missing"] == head


def test_bare_model_names_lead_to_the_full_ones(models: dict[str, Any]) -> None:
    assert models["gpt2"] == models["openai-community/gpt2"]
    assert models["bare"] == "bert"


def test_mt5_tokenizer_keeps_bangla_as_it_is(models: dict[str, Any]) -> None:
    assert models["bangla"] == {"changed": [], "unknown": 0, "lines": 300}


def test_mt5_has_only_the_files_of_the_real_one(models: dict[str, Any], hub: HubServer) -> None:
    revision = hub.repository("models", "google/mt5-small").branch()
    files = {facts.path for facts in revision.files()}
    assert files.isdisjoint({"tokenizer.json", "model.safetensors"})
    assert {"spiece.model", "pytorch_model.bin"} <= files
