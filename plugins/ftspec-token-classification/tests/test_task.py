"""From words and tags to labels, and back to spans."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, Features, List, Value
from ftspec_token_classification.task import TokenClassification
from transformers import ByT5Tokenizer, PreTrainedTokenizerBase
from transformers.modeling_outputs import TokenClassifierOutput

from ftspec.api import IGNORED_LABEL, RunError

MakeTask = Callable[..., TokenClassification]

BIO = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]
ROW = {
    "tokens": [["Marie", "Sklodowska", "left", "Warsaw"]],
    "tags": [["B-PER", "I-PER", "O", "B-LOC"]],
}
IDS = [1, 3, 4, 0]


def fitted(task: TokenClassification, rows: dict[str, list[Any]], **features: Any) -> Dataset:
    known = Features({"tokens": List(Value("string")), **features}) if features else None
    fields = Dataset.from_dict(rows, features=known)
    task.fit(fields, fields.features)
    return fields


def raised(action: Any, *arguments: Any) -> RunError:
    with pytest.raises(RunError) as caught:
        action(*arguments)
    return caught.value


class PerfectModel:
    """Returns the given tags as logits. Padding is wrong on purpose."""

    device = torch.device("cpu")

    def __init__(self, task: TokenClassification, tags: list[str]) -> None:
        self.ids = [task._names.index(tag) for tag in tags]
        self.windows: list[int] = []

    def __call__(self, **batch: torch.Tensor) -> TokenClassifierOutput:
        self.windows.append(len(batch["input_ids"]))
        logits = torch.zeros(*batch["input_ids"].shape, 5)
        logits[..., self.ids[0]] = 2.0
        return TokenClassifierOutput(logits=logits)


def test_the_first_piece_is_labelled(make_task: MakeTask) -> None:
    task = make_task()
    fitted(task, ROW)
    encoded = task.encode(ROW)
    (labels,), (firsts,) = encoded["labels"], encoded["firsts"]
    assert task._names == ("B-LOC", "B-PER", "I-PER", "O")
    assert [task._names[labels[at]] for at in firsts] == ROW["tags"][0]
    assert len(labels) == len(encoded["input_ids"][0]) > len(firsts) + 2
    assert all(label == IGNORED_LABEL for at, label in enumerate(labels) if at not in firsts)


def test_all_pieces_are_labelled_and_a_span_begins_once(make_task: MakeTask) -> None:
    task = make_task(label_all_pieces=True, labels=BIO)
    fitted(task, ROW)
    encoded = task.encode(ROW)
    names = [BIO[label] if label != IGNORED_LABEL else "" for label in encoded["labels"][0]]
    assert names[0] == names[-1] == ""
    firsts = encoded["firsts"][0]
    expected = {0: "I-PER", 1: "I-PER", 2: "O", 3: "I-LOC"}
    word = -1
    for position in range(1, len(names) - 1):
        word += position in firsts
        is_first = position in firsts
        assert names[position] == (ROW["tags"][0][word] if is_first else expected[word])


def test_pieces_of_a_word_by_itself_share_its_label(make_task: MakeTask) -> None:
    task = make_task(label_all_pieces=True, scheme="none")
    rows = {"tokens": [["Sklodowska", "left"]], "tags": [["B-NOUN", "VERB"]]}
    fitted(task, rows)
    labels = task.encode(rows)["labels"][0][1:-1]
    assert set(labels) == {0, 1}
    assert labels == sorted(labels)
    assert labels.count(0) > 1


def test_integers_of_a_class_label(make_task: MakeTask) -> None:
    task = make_task()
    rows = {"tokens": ROW["tokens"], "tags": [[1, 3, 4, 0]]}
    fitted(task, rows, tags=List(ClassLabel(names=BIO)))
    encoded = task.encode(rows)
    assert [encoded["labels"][0][at] for at in encoded["firsts"][0]] == IDS
    assert task.model_settings()["id2label"] == dict(enumerate(BIO))


def test_integers_named_by_the_spec(make_task: MakeTask) -> None:
    task = make_task(labels=BIO)
    rows = {"tokens": ROW["tokens"], "tags": [[1, 3, 4, 0]]}
    fitted(task, rows)
    encoded = task.encode(rows)
    assert [encoded["labels"][0][at] for at in encoded["firsts"][0]] == IDS


def test_words_past_the_end_are_told(make_task: MakeTask, notes: list[str]) -> None:
    task = make_task(max_length=8, labels=BIO)
    fields = fitted(task, {"tokens": [["the"] * 20, ["a"]], "tags": [["O"] * 20, ["O"]]})
    encoded = fields.map(task.encode, batched=True, remove_columns=fields.column_names)
    assert encoded["cut"] == [14, 0]
    assert [len(firsts) for firsts in encoded["firsts"]] == [6, 1]
    assert task.pack(encoded, "train") is encoded
    assert notes[-1:] == ["train: 14 words are past max_length (8), and are ignored"]


def test_a_word_of_no_pieces_is_passed_over(make_task: MakeTask) -> None:
    task = make_task(labels=BIO)
    rows = {"tokens": [["the", "\u200b", "river"]], "tags": [["O", "B-LOC", "I-LOC"]]}
    fitted(task, rows)
    encoded = task.encode(rows)
    assert [encoded["labels"][0][at] for at in encoded["firsts"][0]] == [4, 2]
    assert encoded["cut"] == [0]


def test_a_tag_that_training_has_not_seen(make_task: MakeTask) -> None:
    task = make_task()
    fitted(task, ROW)
    error = raised(task.encode, {"tokens": [["x"]], "tags": [["B-ORG"]]})
    assert error.headline == 'the label "B-ORG" is not in the training split'
    assert error.at == ("preprocess", "template", "tags")


def test_as_many_tags_as_words(make_task: MakeTask) -> None:
    task = make_task(labels=BIO)
    fitted(task, ROW)
    error = raised(task.encode, {"tokens": [["the", "river"]], "tags": [["O"]]})
    assert error.headline == "a row has 2 words and 1 tags"


@pytest.mark.parametrize("tags", [None, "O O O O"])
def test_tags_must_be_a_list(make_task: MakeTask, tags: Any) -> None:
    task = make_task(labels=BIO)
    fitted(task, ROW)
    error = raised(task.encode, {"tokens": ROW["tokens"], "tags": [tags]})
    assert error.slug == "token-classification/tags"


def test_tags_of_another_scheme(make_task: MakeTask) -> None:
    task = make_task()
    rows = Dataset.from_dict({"tokens": [["a", "b"]], "tags": [["S-PER", "O"]]})
    error = raised(task.fit, rows, rows.features)
    assert error.slug == "token-classification/not-bio"
    assert '"S-PER"' in error.headline


def test_one_tag_is_not_enough(make_task: MakeTask) -> None:
    task = make_task()
    rows = Dataset.from_dict({"tokens": [["a"]], "tags": [["O"]]})
    assert raised(task.fit, rows, rows.features).slug == "one-label"


def test_a_stream_needs_named_tags(make_task: MakeTask) -> None:
    rows = Dataset.from_dict(ROW).to_iterable_dataset()
    assert raised(make_task().fit, rows, rows.features).slug == "unknown-labels"
    make_task(labels=BIO).fit(rows, rows.features)


def test_a_tokenizer_without_offsets(make_task: MakeTask) -> None:
    error = raised(make_task, ByT5Tokenizer())
    assert error.slug == "token-classification/slow-tokenizer"


@pytest.mark.parametrize("name", ["wordpiece", "bytes_bpe"])
def test_evaluation_sees_the_tags_of_words(
    make_task: MakeTask, name: str, request: pytest.FixtureRequest
) -> None:
    """Through collator, model and padding between batches, whichever side the tokenizer pads."""
    tokenizer: PreTrainedTokenizerBase = request.getfixturevalue(name)
    task = make_task(tokenizer, labels=BIO)
    rows = {
        "tokens": [*ROW["tokens"], ["Paris"]],
        "tags": [*ROW["tags"], ["B-LOC"]],
    }
    fields = fitted(task, rows)
    encoded = fields.map(task.encode, batched=True, remove_columns=fields.column_names)
    batch = task.collator(None)(list(encoded))
    assert int(task.count_loss_items(batch)) == 5
    assert set(batch) <= {"input_ids", "attention_mask", "token_type_ids", "labels"}
    logits = torch.nn.functional.one_hot(batch["labels"].clamp(min=0), len(BIO)).float()
    outputs: Any = SimpleNamespace(
        predictions=task.reduce_logits(logits, batch["labels"]).numpy(),
        label_ids=np.pad(batch["labels"].numpy(), ((0, 0), (0, 3)), constant_values=IGNORED_LABEL),
    )
    assert task.decode(outputs, encoded) == (rows["tags"], rows["tags"])
    assert task.decode(outputs, encoded.to_iterable_dataset()) == (rows["tags"], rows["tags"])


def test_words_by_themselves_are_measured_as_classes(make_task: MakeTask) -> None:
    task = make_task(scheme="none")
    rows = {"tokens": [["a", "river"], ["the"]], "tags": [["DET", "NOUN"], ["DET"]]}
    fields = fitted(task, rows)
    encoded = fields.map(task.encode, batched=True, remove_columns=fields.column_names)
    labels = task.collator(None)(list(encoded))["labels"].numpy()
    outputs: Any = SimpleNamespace(predictions=np.zeros_like(labels), label_ids=labels)
    given, right = task.decode(outputs, encoded)
    assert given.tolist() == [0, 0, 0]
    assert right.tolist() == [0, 1, 0]


def test_a_text_gives_spans_with_offsets(make_task: MakeTask) -> None:
    task = make_task(labels=BIO)
    fitted(task, ROW)
    model: Any = PerfectModel(task, ["I-LOC"])
    text = "  the\u200b White  Nile"
    (result,) = task.predict(model, [{"tokens": text}])
    (span,) = result["spans"]
    assert span["text"] == text[span["start"] : span["end"]] == "the\u200b White  Nile"
    assert span["label"] == "LOC"
    assert span["score"] == pytest.approx(float(np.exp(2) / (np.exp(2) + 4)))


def test_a_long_text_is_read_in_windows(make_task: MakeTask) -> None:
    task = make_task(max_length=8, scheme="none", labels=BIO)
    fitted(task, ROW)
    model = PerfectModel(task, ["O"])
    words = ["the"] * 50
    results = task.predict(model, [{"tokens": words}, {"tokens": "a river"}])  # type: ignore[arg-type]
    assert [len(result["spans"]) for result in results] == [50, 2]
    assert sum(model.windows) == 10
    assert [span["start"] for span in results[0]["spans"]] == list(range(0, 200, 4))


def test_nothing_in_nothing(make_task: MakeTask) -> None:
    task = make_task(labels=BIO)
    fitted(task, ROW)
    model: Any = PerfectModel(task, ["B-LOC"])
    assert task.predict(model, [{"tokens": ""}, {"tokens": []}]) == [{"spans": []}, {"spans": []}]


def test_a_trained_model_says_its_tags(make_task: MakeTask) -> None:
    task = make_task()
    task.restore(SimpleNamespace(id2label={0: "O", 1: "B-X"}))  # type: ignore[arg-type]
    assert task._names == ("O", "B-X")
