"""A causal language model: packing loses no token, and padding is never learned."""

from __future__ import annotations

from itertools import chain
from typing import Any

import datasets
import numpy as np
import pytest
import torch
from transformers import EvalPrediction

from ftspec.api import IGNORED_LABEL, RunError
from ftspec.builtin.tasks.config import TextGenerationConfig
from ftspec.builtin.tasks.text_generation import TextGeneration
from tests.unit import tiny
from tests.unit.builtin.tasks.conftest import MakeTaskContext

DOCUMENTS = [file.read_text("utf-8") for file in sorted(tiny.TOPICS.glob("*.txt"))[:12]]


@pytest.fixture
def task_of(task_context: MakeTaskContext) -> Any:
    def make(max_length: int = 32, tokenizer: Any = None, **keys: Any) -> TextGeneration:
        context = task_context(tokenizer or tiny.tokenizer("bpe"), max_length)
        return TextGeneration(TextGenerationConfig.model_validate(keys), context)

    return make


def encode(task: TextGeneration, texts: list[str], batch_size: int = 5) -> datasets.Dataset:
    rows = datasets.Dataset.from_dict({"text": texts})
    return rows.map(task.encode, batched=True, batch_size=batch_size, remove_columns=["text"])


def joined(texts: list[str]) -> list[int]:
    """The corpus as it must be learned: every document, and the end of text after each."""
    tokenizer = tiny.tokenizer("bpe")
    ids = tokenizer(texts)["input_ids"]
    return list(chain.from_iterable([*row, tokenizer.eos_token_id] for row in ids))


# Packing


@pytest.mark.parametrize("size", [7, 64, 1000])
def test_blocks_are_the_corpus(task_of: Any, size: int) -> None:
    task = task_of(max_length=size)
    corpus = joined(DOCUMENTS)
    blocks = task.pack(encode(task, DOCUMENTS), "train")["input_ids"]
    assert list(chain.from_iterable(blocks)) == corpus
    assert {len(block) for block in blocks[:-1]} == {size}
    assert 2 <= len(blocks[-1]) <= size + 1


def test_the_last_short_block_is_kept(task_of: Any) -> None:
    corpus = joined(DOCUMENTS[:1])
    size = len(corpus) - 5
    task = task_of(max_length=size)
    blocks = task.pack(encode(task, DOCUMENTS[:1]), "train")["input_ids"]
    assert [len(block) for block in blocks] == [size, 5]
    assert blocks[1] == corpus[-5:]


def test_a_last_block_of_one_token_is_not(task_of: Any) -> None:
    corpus = joined(DOCUMENTS[:1])
    task = task_of(max_length=len(corpus) - 1)
    blocks = task.pack(encode(task, DOCUMENTS[:1]), "train")["input_ids"]
    assert list(blocks) == [corpus[:-1]]  # there is no next token to learn from the last


def test_a_block_may_be_the_whole_corpus(task_of: Any) -> None:
    corpus = joined(DOCUMENTS[:1])
    task = task_of(max_length=len(corpus))
    assert list(task.pack(encode(task, DOCUMENTS[:1]), "train")["input_ids"]) == [corpus]


def test_selected_rows_are_packed_in_their_order(task_of: Any) -> None:
    task = task_of()
    rows = encode(task, DOCUMENTS).select([3, 1])
    blocks = task.pack(rows, "train")["input_ids"]
    assert list(chain.from_iterable(blocks)) == joined([DOCUMENTS[3], DOCUMENTS[1]])


def test_a_corpus_too_small(task_of: Any, notes: list[str]) -> None:
    task = task_of(max_length=64)
    rows = encode(task, ["a small plant"])
    count = len(joined(["a small plant"]))
    with pytest.raises(RunError) as caught:
        task.pack(rows, "train")
    assert caught.value.slug == "corpus-too-small"
    assert caught.value.at == ("data",)
    assert caught.value.headline == (
        f"the training text has {count} tokens, less than one block of 64"
    )
    assert f"max_length: {max(2, count // 4)}" in caught.value.helps[0]
    assert list(task.pack(rows, "validation")["input_ids"]) == [joined(["a small plant"])]
    assert notes == [f"the validation text has {count} tokens, less than one block of 64"]


def test_a_stream_is_packed_batch_by_batch(task_of: Any) -> None:
    task = task_of()
    blocks = task.pack(encode(task, DOCUMENTS).to_iterable_dataset(), "train")
    assert isinstance(blocks, datasets.IterableDataset)
    ids = [block["input_ids"] for block in blocks]
    assert max(map(len, ids)) == 32
    lost = len(joined(DOCUMENTS)) - sum(map(len, ids))
    assert 0 <= lost <= 1  # a block of one token
    assert list(chain.from_iterable(ids)) == joined(DOCUMENTS)[: sum(map(len, ids))]


# A row is an example


def test_unpacked_rows_are_cut_and_end(task_of: Any) -> None:
    tokenizer = tiny.tokenizer("bpe")
    task = task_of(max_length=8, packing=False)
    texts = [*tiny.english()[:20], "a"]
    rows = encode(task, texts)
    assert task.pack(rows, "train") is rows
    whole = tokenizer(texts)["input_ids"]
    assert any(len(ids) > 8 for ids in whole)
    for ids, full in zip(rows["input_ids"], whole, strict=True):
        assert ids == [*full[:7], tokenizer.eos_token_id]


@pytest.mark.parametrize("packing", [True, False])
def test_a_tokenizer_that_ends_texts_itself_does_not_end_them_twice(
    task_of: Any, packing: bool
) -> None:
    tokenizer = tiny.tokenizer("unigram")
    task = task_of(tokenizer=tokenizer, max_length=8, packing=packing)
    for ids in task.encode({"text": list(tiny.english()[:5])})["input_ids"]:
        assert ids.count(tokenizer.eos_token_id) == 1
        assert ids[-1] == tokenizer.eos_token_id
        assert packing or len(ids) <= 8


def test_an_empty_text_is_an_end(task_of: Any) -> None:
    assert task_of().encode({"text": [""]}) == {"input_ids": [[tiny.tokenizer("bpe").eos_token_id]]}


def test_a_tokenizer_without_an_end(task_of: Any) -> None:
    with pytest.raises(RunError) as caught:
        task_of(tokenizer=tiny.tokenizer("wordpiece"))
    assert caught.value.slug == "no-eos-token"
    assert caught.value.at == ("tokenizer",)


# Labels


@pytest.mark.parametrize("pad_token", ["<|pad|>", "<|endoftext|>"])
def test_padding_is_no_label_and_a_true_end_is(task_of: Any, pad_token: str) -> None:
    tokenizer = tiny.tokenizer("bpe")
    tokenizer.pad_token = pad_token
    task = task_of(tokenizer=tokenizer, packing=False)
    ids = task.encode({"text": ["a plant", "a small green plant of the family"]})["input_ids"]
    batch = task.collator(tiny.gpt2(tokenizer))([{"input_ids": row} for row in ids])
    for row, labels, attention in zip(
        ids, batch["labels"].tolist(), batch["attention_mask"].tolist(), strict=True
    ):
        room = len(labels) - len(row)
        assert labels == [*row, *[IGNORED_LABEL] * room]
        assert attention == [1] * len(row) + [0] * room
        assert labels[len(row) - 1] == tokenizer.eos_token_id
    assert int(task.count_loss_items(batch)) == sum(len(row) - 1 for row in ids)


@pytest.mark.parametrize("is_told", [True, False])
def test_padding_on_the_left_is_not_learned_from(task_of: Any, is_told: bool) -> None:
    """A tokenizer that has no setting of its own pads on the left. The first token of a row is no
    label there."""
    tokenizer = tiny.tokenizer("bpe")
    tokenizer.padding_side = "left"
    if not is_told:
        tokenizer.__class__ = _padding_on_left(type(tokenizer))
    task = task_of(tokenizer=tokenizer, packing=False)
    batch = task.collator(tiny.gpt2(tokenizer))([{"input_ids": [5, 6]}, {"input_ids": [7, 8, 9]}])

    assert batch["labels"].tolist() == [
        [5, 6, IGNORED_LABEL] if is_told else [IGNORED_LABEL, IGNORED_LABEL, 6],
        [7, 8, 9],
    ]
    assert int(task.count_loss_items(batch)) == 1 + 2
    assert tokenizer.padding_side == "left"


def _padding_on_left(kind: Any) -> Any:
    class PadsOnLeft(kind):
        def _pad(self, *arguments: Any, **options: Any) -> Any:
            return super()._pad(*arguments, **{**options, "padding_side": "left"})

    return PadsOnLeft


def test_loss_of_a_padded_batch_is_that_of_its_rows(task_of: Any) -> None:
    tokenizer = tiny.tokenizer("bpe")
    tokenizer.pad_token = tokenizer.eos_token
    task, model = task_of(tokenizer=tokenizer, packing=False), tiny.gpt2(tokenizer)
    ids = task.encode({"text": list(tiny.english()[:4])})["input_ids"]
    rows = [{"input_ids": row} for row in ids]
    collate = task.collator(model)
    with torch.no_grad():
        together = float(model(**collate(rows)).loss)
        each = [(float(model(**collate([row])).loss), len(row["input_ids"]) - 1) for row in rows]
    mean = sum(loss * count for loss, count in each) / sum(count for _, count in each)
    assert together == pytest.approx(mean, abs=1e-5)


def test_decode_compares_each_token_with_the_one_before_it(task_of: Any) -> None:
    logits = torch.nn.functional.one_hot(torch.tensor([[5, 6, 7]]), 10)
    task = task_of()
    best = task.reduce_logits((logits, "past"), torch.zeros(1))
    assert best.tolist() == [[5, 6, 7]]
    outputs = EvalPrediction(predictions=best.numpy(), label_ids=np.array([[4, 5, 6]]))
    given, right = task.decode(outputs, datasets.Dataset.from_dict({}))
    assert (given.tolist(), right.tolist()) == ([[5, 6]], [[5, 6]])


# Predictions


@pytest.mark.parametrize("apart", [False, True])
def test_learned_tokens_follow_another_one_of_their_document(task_of: Any, apart: bool) -> None:
    """The token after an end begins a document, if documents are kept apart."""
    keys = {"cross_document_attention": False} if apart else {}
    task = task_of(**keys)
    end = task._tokenizer.eos_token_id
    ids = [end + 1, end + 2, end, end + 3, end + 4]
    expected = [False, True, True, not apart, True]
    assert task.learned_tokens({"input_ids": ids}) == {"input_ids": expected}
    assert task.learned_tokens({"input_ids": []}) == {"input_ids": []}


def greedy(model: Any, ids: list[int], count: int) -> list[int]:
    """What the model says next, one token at a time."""
    for _ in range(count):
        with torch.no_grad():
            ids = [*ids, int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax())]
    return ids[-count:]


def test_predict_goes_on_where_the_prompt_ends(task_of: Any) -> None:
    tokenizer = tiny.tokenizer("bpe")
    model = tiny.gpt2(tokenizer)
    model.generation_config.eos_token_id = None  # never stop early
    task = task_of(max_new_tokens=5)
    prompts = ["a plant", "a small green plant of the family", "ভাষা", ""]
    with torch.inference_mode():
        results = task.predict(model, [{"text": prompt} for prompt in prompts])
    assert [result["prompt"] for result in results] == prompts
    for prompt, result in zip(prompts, results, strict=True):
        ids = tokenizer(prompt)["input_ids"] or [tokenizer.eos_token_id]
        expected = tokenizer.decode(greedy(model, ids, 5), skip_special_tokens=True)
        assert result["text"] == expected


def test_predict_with_a_tokenizer_that_ends_texts(task_of: Any) -> None:
    tokenizer = tiny.tokenizer("unigram")
    model = tiny.gpt2(tokenizer)
    model.generation_config.eos_token_id = None
    with torch.inference_mode():
        (result,) = task_of(tokenizer=tokenizer, max_new_tokens=5).predict(
            model, [{"text": "a plant"}]
        )
    ids = tokenizer("a plant", add_special_tokens=False)["input_ids"]
    assert result["text"] == tokenizer.decode(greedy(model, ids, 5), skip_special_tokens=True)


@pytest.mark.parametrize("count", [5, 40, 1000])
def test_predict_stays_within_the_positions_of_the_model(task_of: Any, count: int) -> None:
    tokenizer = tiny.tokenizer("bpe")
    model = tiny.gpt2(tokenizer, positions=32)
    model.generation_config.eos_token_id = None
    prompt = " ".join(tiny.english()[:5])
    with torch.inference_mode():
        (result,) = task_of(max_new_tokens=count).predict(model, [{"text": prompt}])
    # the end of a long prompt is what counts
    new = min(count, 31)
    ids = tokenizer(prompt)["input_ids"][-(32 - new) :]
    assert result["text"] == tokenizer.decode(greedy(model, ids, new), skip_special_tokens=True)


def test_a_prompt_may_be_as_long_as_what_was_learned(task_of: Any) -> None:
    tokenizer = tiny.tokenizer("bpe")
    model = tiny.gpt2(tokenizer, positions=128)
    model.generation_config.eos_token_id = None
    prompt = " ".join(tiny.english()[:5])
    with torch.inference_mode():
        (result,) = task_of(max_length=16, max_new_tokens=20).predict(model, [{"text": prompt}])
    ids = tokenizer(prompt)["input_ids"][-16:]
    assert result["text"] == tokenizer.decode(greedy(model, ids, 20), skip_special_tokens=True)


def test_predict_drawn_at_random_follows_the_seed(task_of: Any) -> None:
    model = tiny.gpt2(tiny.tokenizer("bpe"))
    task = task_of(do_sample=True, temperature=2.0, max_new_tokens=8)

    def draw(seed: int) -> str:
        torch.manual_seed(seed)
        with torch.inference_mode():
            return str(task.predict(model, [{"text": "a plant"}])[0]["text"])

    with torch.random.fork_rng():
        assert draw(1) == draw(1) != draw(2)


# Losses of documents


@pytest.mark.parametrize("keys", [{}, {"cross_document_attention": False}, {"packing": False}])
def test_losses_of_documents_are_those_of_the_model(task_of: Any, keys: dict[str, Any]) -> None:
    task = task_of(max_length=48, **keys)
    fields = datasets.Dataset.from_dict({"text": [*DOCUMENTS[:3], "", DOCUMENTS[3][:80]]})
    rows = task.pack(encode(task, fields["text"]), "test")
    model = tiny.gpt2(tiny.tokenizer("bpe")).eval()
    collate = task.collator(model)
    total, count, losses, labels = 0.0, 0, [], []
    for row in rows:
        batch = collate([row])
        with torch.no_grad():
            output = model(**batch)
        items = int(task.count_loss_items(batch))
        if items:
            total, count = total + float(output.loss) * items, count + items
        losses.append(task.reduce_losses(output.logits, batch["labels"])[0].numpy())
        labels.append(batch["labels"][0].numpy())
    width = max(map(len, labels)) + 2
    outputs = EvalPrediction(
        np.stack([np.pad(one, (0, width - 1 - len(one))) for one in losses]),
        np.stack(
            [np.pad(one, (0, width - len(one)), constant_values=IGNORED_LABEL) for one in labels]
        ),
    )
    found = task.describe(outputs, rows, fields)
    assert len(found["loss"]) == 5
    assert sum(found["tokens"]) == count
    pairs = zip(found["loss"], found["tokens"], strict=True)
    assert sum(loss * tokens for loss, tokens in pairs if tokens) / count == pytest.approx(
        total / count, rel=1e-5
    )
    others = datasets.Dataset.from_dict({"text": DOCUMENTS[4:9]})
    assert task.describe(outputs, rows, others) == {}
