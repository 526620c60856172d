"""The head of a checkpoint is kept where it has the same labels, and new otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, PreTrainedModel

from ftspec.engine.model.checkpoint import locate
from ftspec.engine.model.config import label_names_of, load_config
from ftspec.engine.model.head import plan_head
from ftspec.engine.model.load import load_model
from ftspec.spec.model import ModelSection

HEAD = ["classifier.bias", "classifier.weight"]
KNOWN = ["positive", "negative", "neutral"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier whose head has weights that no new one has."""
    folder = tmp_path_factory.mktemp("classifier")
    config = BertConfig(
        vocab_size=16,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        id2label=dict(enumerate(KNOWN)),
    )
    model = BertForSequenceClassification(config)
    torch.nn.init.constant_(model.classifier.weight, 7.0)
    model.save_pretrained(folder)
    return folder


def settings_of(names: Sequence[str]) -> dict[str, Any]:
    if not names:
        return {"problem_type": "regression", "num_labels": 1}
    return {
        "id2label": dict(enumerate(names)),
        "label2id": {name: index for index, name in enumerate(names)},
    }


def loaded(
    folder: Path, names: Sequence[str], notes: list[str]
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    section = ModelSection(checkpoint=str(folder))
    checkpoint = locate(str(folder), None)
    known = label_names_of(section, checkpoint, load_config(section, checkpoint, {}))
    settings = settings_of(names)
    config = load_config(section, checkpoint, settings)
    head = plan_head(config, settings, known)
    auto_model = "AutoModelForSequenceClassification"
    return load_model(section, checkpoint, config, auto_model, notes.append, {}, head)


def test_a_head_with_the_same_labels_is_kept(trained: Path, notes: list[str]) -> None:
    model, new = loaded(trained, KNOWN, notes)
    assert (model.get_parameter("classifier.weight") == 7).all()
    assert new == ()
    assert notes == [
        "the head of the checkpoint is trained further: it has the same labels, in the order "
        '"positive", "negative", "neutral"'
    ]


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["negative", "neutral", "positive"], 'has the labels "negative", "neutral", "positive"'),
        (["cat", "dog", "eel"], 'has the labels "cat", "dog", "eel"'),
        (["negative", "positive"], 'has the labels "negative", "positive"'),
        ([], "learns a number"),
    ],
)
def test_a_head_with_other_labels_is_new(
    trained: Path, names: list[str], wanted: str, notes: list[str]
) -> None:
    model, new = loaded(trained, names, notes)
    weight = model.get_parameter("classifier.weight")
    assert weight.shape == (len(names) or 1, 8)
    assert weight.requires_grad
    assert 0 < weight.abs().max() < 1
    assert list(new) == HEAD
    assert notes == [
        'the head is new: that of the checkpoint has the labels "positive", "negative", "neutral", '
        f"and the task {wanted}",
        "new weights to train: classifier.bias, classifier.weight",
    ]
    untouched = BertForSequenceClassification.from_pretrained(trained)
    for name, before in untouched.bert.named_parameters():
        assert torch.equal(model.get_parameter(f"bert.{name}"), before)


def test_outputs_without_names_mean_their_numbers(trained: Path, notes: list[str]) -> None:
    config = BertConfig.from_pretrained(trained)
    model = BertForSequenceClassification.from_pretrained(trained)
    model.config = config
    model.config.id2label = {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}
    folder = trained / "nameless"
    model.save_pretrained(folder)
    assert loaded(folder, ["0", "1", "2"], notes)[1] == ()
    assert list(loaded(folder, ["1", "2", "3"], notes)[1]) == HEAD


def test_a_checkpoint_without_a_head_has_nothing_to_keep(
    trained: Path, tmp_path: Path, notes: list[str]
) -> None:
    BertForSequenceClassification.from_pretrained(trained).bert.save_pretrained(tmp_path)
    assert list(loaded(tmp_path, ["a", "b"], notes)[1]) == HEAD
    assert notes == ["new weights to train: classifier.bias, classifier.weight"]
