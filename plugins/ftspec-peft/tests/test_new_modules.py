"""Missing parameters of a checkpoint are found, and named by as few modules as possible."""

from __future__ import annotations

import pytest
from ftspec_peft.new_modules import modules_to_learn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    PreTrainedModel,
)

from ftspec.api import RunError

SMALL = {
    "vocab_size": 50,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 8,
}
DISTILBERT = {"vocab_size": 50, "dim": 8, "n_layers": 1, "n_heads": 2, "hidden_dim": 8}
BART = {
    "vocab_size": 50,
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
}
SETTINGS = {"bert": SMALL, "roberta": SMALL, "distilbert": DISTILBERT, "bart": BART}


def classifier(architecture: str) -> PreTrainedModel:
    """A tiny one."""
    config = AutoConfig.for_model(architecture, **SETTINGS[architecture])
    model: PreTrainedModel = AutoModelForSequenceClassification.from_config(config)
    return model


@pytest.mark.parametrize(
    ("architecture", "heads"),
    [
        ("bert", ["bert.pooler", "classifier"]),
        ("roberta", ["classifier"]),
        ("distilbert", ["classifier", "pre_classifier"]),
        ("bart", ["classification_head"]),
    ],
)
def test_heads_have_the_name_that_their_architecture_gives_them(
    architecture: str, heads: list[str]
) -> None:
    model = classifier(architecture)
    new = [
        name
        for name, _ in model.named_parameters()
        if any(name.startswith(f"{head}.") for head in heads)
    ]
    assert sorted(modules_to_learn(model, new)) == heads
    assert modules_to_learn(model, new, saved=[heads[0].rpartition(".")[2]]) == heads[1:]


def test_nothing_new_is_nothing_to_learn() -> None:
    assert modules_to_learn(classifier("bert"), []) == []


def test_weight_beside_others_is_no_module_of_its_own() -> None:
    new = ["bert.embeddings.LayerNorm.bias"]
    with pytest.raises(RunError, match="would leave untrained") as refused:
        modules_to_learn(classifier("bert"), new)
    assert refused.value.slug == "peft/untrained-weights"
    assert refused.value.helps == ('write "modules_to_save: [LayerNorm]"',)
    assert modules_to_learn(classifier("bert"), new, saved=["embeddings.LayerNorm"]) == []
