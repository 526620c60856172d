"""Summarization and translation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import torch
from transformers import EvalPrediction, GenerationConfig

from ftspec.api import IGNORED_LABEL, RunError
from ftspec.builtin.tasks.config import Seq2SeqConfig
from ftspec.builtin.tasks.seq2seq import Seq2Seq
from tests.unit import tiny
from tests.unit.builtin.tasks.conftest import MakeTaskContext

PAIRS = tiny.rows_of(tiny.BANGLA)[:20]
FIELDS = {"source": [row["en"] for row in PAIRS], "target": [row["bn"] for row in PAIRS]}


@pytest.fixture
def task_of(task_context: MakeTaskContext) -> Any:
    def make(max_length: int = 32, max_target_length: int = 16, **keys: Any) -> Seq2Seq:
        context = task_context(tiny.tokenizer("unigram"), max_length, max_target_length)
        return Seq2Seq(Seq2SeqConfig.model_validate(keys), context)

    return make


def test_source_and_target_have_their_own_lengths(task_of: Any) -> None:
    tokenizer = tiny.tokenizer("unigram")
    encoded = task_of(max_length=20, max_target_length=8).encode(FIELDS)
    for name, field, longest in (("input_ids", "source", 20), ("labels", "target", 8)):
        whole = tokenizer(FIELDS[field])["input_ids"]
        assert any(len(ids) > longest for ids in whole)
        for ids, full in zip(encoded[name], whole, strict=True):
            assert len(ids) == min(len(full), longest)
            assert ids[-1] == tokenizer.eos_token_id
            assert ids[:-1] == full[: len(ids) - 1]


def test_without_targets_there_are_no_labels(task_of: Any) -> None:
    assert "labels" not in task_of().encode({"source": ["a"]})


@pytest.mark.parametrize("field", ["source", "target"])
def test_a_field_that_is_no_text(task_of: Any, field: str) -> None:
    with pytest.raises(RunError) as caught:
        task_of().encode({"source": ["a"], "target": ["b"], field: [None]})
    assert caught.value.at == ("preprocess", "template", field)


def test_padding_is_no_label_and_no_loss_item(task_of: Any) -> None:
    task = task_of()
    encoded = task.encode(FIELDS)
    rows = [dict(zip(encoded, row, strict=True)) for row in zip(*encoded.values(), strict=True)]
    batch = task.collator(tiny.t5(tiny.tokenizer("unigram")))(rows)
    lengths = [len(ids) for ids in encoded["labels"]]
    assert batch["labels"].shape == (20, max(lengths))
    assert batch["labels"].ne(IGNORED_LABEL).sum(1).tolist() == lengths
    assert int(task.count_loss_items(batch)) == sum(lengths)
    # what the decoder reads are the labels, one step later
    assert batch["decoder_input_ids"][:, 1:].ne(0).sum() <= sum(lengths)
    assert task.pack(encoded, "train") is encoded


@pytest.mark.parametrize(
    ("keys", "arguments"),
    [
        ({}, (True, 17, 1)),
        ({"num_beams": 4}, (True, 17, 4)),
        ({"predict_with_generate": False}, (False, 17, 1)),
    ],
)
def test_arguments(task_of: Any, keys: Any, arguments: tuple[Any, ...]) -> None:
    names = ("predict_with_generate", "generation_max_length", "generation_num_beams")
    assert task_of(**keys).arguments() == dict(zip(names, arguments, strict=True))


@pytest.mark.parametrize("beams", [1, 3])
def test_the_saved_generation_settings_are_those_of_evaluation(
    task_of: Any, beams: int, tmp_path: Path
) -> None:
    model = tiny.t5(tiny.tokenizer("unigram"))
    model.generation_config.update(
        num_beams=4, early_stopping=True, length_penalty=2.0, min_length=7
    )
    task = task_of(max_target_length=24, num_beams=beams)
    task.wrap(model).save_pretrained(tmp_path)
    saved = GenerationConfig.from_pretrained(tmp_path)
    arguments = task.arguments()
    assert saved.max_length == arguments["generation_max_length"] == 25
    assert saved.num_beams == arguments["generation_num_beams"] == beams
    assert saved.min_length == 7


def test_decode_is_the_text_without_padding_and_special_tokens(task_of: Any) -> None:
    tokenizer = tiny.tokenizer("unigram")
    texts = list(tiny.bangla()[:3])
    ids = tokenizer(texts)["input_ids"]
    longest = max(map(len, ids)) + 2

    def padded(filler: int) -> Any:
        rows = [[tokenizer.pad_token_id, *row] for row in ids]
        return np.array([row + [filler] * (longest - len(row)) for row in rows])

    task = task_of()
    expected = [tokenizer.backend_tokenizer.normalizer.normalize_str(text) for text in texts]
    outputs = EvalPrediction(
        predictions=padded(IGNORED_LABEL), label_ids=padded(tokenizer.pad_token_id)
    )
    assert task.decode(outputs, datasets.Dataset.from_dict({})) == (expected, expected)


def test_ids_beyond_the_tokenizer_are_left_out(task_of: Any) -> None:
    tokenizer = tiny.tokenizer("unigram")
    a = tokenizer("plant", add_special_tokens=False)["input_ids"]
    ids = np.array([[*a, len(tokenizer), 10**6, *a]])
    given, right = task_of().decode(
        EvalPrediction(predictions=ids, label_ids=ids), datasets.Dataset.from_dict({})
    )
    assert given == right == ["plant plant"]


def test_predict(task_of: Any) -> None:
    tokenizer = tiny.tokenizer("unigram")
    # as T5's own: the embeddings are rounded up, so that it may say ids the tokenizer has not
    model = tiny.t5(tokenizer, vocab_size=len(tokenizer) + 28)
    task = task_of(max_target_length=5)
    rows = [{"source": text} for text in FIELDS["source"][:4]]
    with torch.inference_mode():
        together = task.predict(model, rows)
        alone = [task.predict(model, [row])[0] for row in rows]
    assert together == alone
    for result in together:
        assert list(result) == ["text"]
        assert len(tokenizer(result["text"], add_special_tokens=False)["input_ids"]) <= 6


def test_it_learns_nothing_from_the_data(task_of: Any) -> None:
    task = task_of()
    task.fit(None, None)
    assert dict(task.model_settings()) == {}
    logits = torch.ones(2, 3)
    assert task.reduce_logits(logits, logits) is logits


def test_learned_tokens_are_those_of_the_target(task_of: Any) -> None:
    row = {"input_ids": [5, 6, 7], "labels": [8, -100, 1]}
    assert task_of().learned_tokens(row) == {
        "input_ids": [False, False, False],
        "labels": [True, False, True],
    }
