"""Architectures that need more than text are refused before any row is prepared."""

from __future__ import annotations

import pytest
from transformers import AutoConfig

from ftspec.engine.model.inputs import require_texts
from ftspec.errors import RunError

CLASSIFICATION = "AutoModelForSequenceClassification"
ANSWERING = "AutoModelForQuestionAnswering"
TAGGING = "AutoModelForTokenClassification"
CAUSAL = "AutoModelForCausalLM"
SEQ2SEQ = "AutoModelForSeq2SeqLM"

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.mark.parametrize(
    ("architecture", "auto_model", "why", "slug"),
    [
        ("lxmert", ANSWERING, "`visual_feats` cannot be `None`", "needs-more-than-text"),
        ("bros", TAGGING, "You have to specify bbox", "needs-more-than-text"),
        ("tapas", CLASSIFICATION, "too many indices", "needs-more-than-text"),
        ("reformer", CLASSIFICATION, "sequence_length: 7", "needs-more-than-text"),
        ("qwen2_audio", SEQ2SEQ, "it is not an encoder-decoder model", "wrong-architecture"),
        ("t5", CAUSAL, "AutoModelForCausalLM does not support it", "wrong-architecture"),
    ],
)
def test_what_needs_more_is_refused(
    architecture: str, auto_model: str, why: str, slug: str
) -> None:
    with pytest.raises(RunError) as caught:
        require_texts(AutoConfig.for_model(architecture), auto_model)
    assert why in caught.value.headline
    assert caught.value.slug == slug


@pytest.mark.parametrize(
    ("architecture", "auto_model"),
    [
        ("bert", CLASSIFICATION),
        ("canine", CLASSIFICATION),
        ("deberta-v2", TAGGING),
        ("t5", SEQ2SEQ),
        ("gpt2", CAUSAL),
        ("mamba", CAUSAL),
        ("lxmert", "AutoModel"),  # the task of a plugin may give it what it needs
    ],
)
def test_others_are_not(architecture: str, auto_model: str) -> None:
    require_texts(AutoConfig.for_model(architecture), auto_model)
