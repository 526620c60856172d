"""Text classification: where labels come from, how they are encoded, what is predicted."""

from __future__ import annotations

import warnings
from typing import Any

import datasets
import numpy as np
import pytest
import torch
from transformers import AutoConfig, EvalPrediction

from ftspec.api import Calibration, RunError
from ftspec.builtin.tasks.config import TextClassificationConfig
from ftspec.builtin.tasks.text_classification import TextClassification
from tests.unit import tiny
from tests.unit.builtin.tasks.conftest import MakeTaskContext

LABEL = ("preprocess", "template", "label")


@pytest.fixture
def task_of(task_context: MakeTaskContext) -> Any:
    def make(max_length: int = 32, **keys: Any) -> TextClassification:
        config = TextClassificationConfig.model_validate(keys)
        return TextClassification(config, task_context(tiny.tokenizer("wordpiece"), max_length))

    return make


def fitted(task: TextClassification, values: list[Any], feature: Any = None) -> TextClassification:
    columns = {"text": ["a"] * len(values), "label": values}
    features = (
        datasets.Features({"text": datasets.Value("string"), "label": feature}) if feature else None
    )
    fields = datasets.Dataset.from_dict(columns, features=features)
    task.fit(fields, fields.features)
    return task


def encoded_labels(task: TextClassification, values: list[Any]) -> list[Any]:
    encoded = task.encode({"text": ["a"] * len(values), "label": values})
    return list(encoded["labels"])


# Labels


@pytest.mark.parametrize(
    ("keys", "values", "feature", "names", "ids"),
    [
        ({}, [1, 0], datasets.ClassLabel(names=["neg", "pos"]), ["neg", "pos"], [1, 0]),
        ({}, ["b", "a", "b"], None, ["a", "b"], [1, 0, 1]),
        ({}, [5, 1, 3], None, ["1", "3", "5"], [2, 0, 1]),
        ({}, [True, False], None, ["false", "true"], [1, 0]),
        ({"labels": ["c", "a"]}, ["a", "c"], None, ["c", "a"], [1, 0]),
        ({"labels": ["no", "yes"]}, [0, 1], None, ["no", "yes"], [0, 1]),
        (
            {"labels": ["pos", "neg"]},
            [0, 1],
            datasets.ClassLabel(names=["neg", "pos"]),
            ["pos", "neg"],
            [1, 0],
        ),
    ],
)
def test_where_labels_come_from(
    task_of: Any, keys: Any, values: list[Any], feature: Any, names: list[str], ids: list[int]
) -> None:
    task = fitted(task_of(**keys), values, feature)
    assert task.model_settings() == {
        "problem_type": "single_label_classification",
        "id2label": dict(enumerate(names)),
        "label2id": {name: index for index, name in enumerate(names)},
    }
    assert encoded_labels(task, values) == ids


def test_real_labels_have_the_order_of_their_names(task_of: Any) -> None:
    rows = tiny.rows_of(tiny.WORDNET / "train.jsonl")
    task = fitted(task_of(), [row["label"] for row in rows])
    names = list(task.model_settings()["label2id"])
    assert names == sorted({row["label"] for row in rows})
    assert encoded_labels(task, names) == list(range(len(names)))


def test_unseen_label(task_of: Any) -> None:
    task = fitted(task_of(), ["animal", "plant"])
    with pytest.raises(RunError) as caught:
        encoded_labels(task, ["plant", "plants"])
    assert caught.value.slug == "unseen-label"
    assert caught.value.at == LABEL
    assert caught.value.helps[0] == 'did you mean "plant"?'


@pytest.mark.parametrize(
    ("values", "feature"),
    [([-1, 0, 1], datasets.ClassLabel(names=["a", "b"])), ([None, "a", "b"], None)],
)
def test_missing_labels(task_of: Any, values: list[Any], feature: Any) -> None:
    task = fitted(task_of(), values, feature)
    assert encoded_labels(task, values[1:]) == [0, 1]
    with pytest.raises(RunError, match="a row has no label"):
        encoded_labels(task, values)


@pytest.mark.parametrize(
    ("values", "headline"),
    [
        (["a", "a"], 'the training split has only one label: "a"'),
        ([None], "the training split has no labels"),
    ],
)
def test_too_few_labels(task_of: Any, values: list[Any], headline: str) -> None:
    with pytest.raises(RunError) as caught:
        fitted(task_of(), values)
    assert caught.value.slug == "one-label"
    assert caught.value.headline == headline
    assert caught.value.at == LABEL


def test_labels_of_a_stream_must_be_known(task_of: Any) -> None:
    named = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["a", "b"])}
    )
    stream = datasets.Dataset.from_dict({"text": ["x"], "label": [1]}, features=named)
    stream = stream.to_iterable_dataset()
    task = task_of()
    task.fit(stream, named)
    assert encoded_labels(task, [1, 0]) == [1, 0]
    with pytest.raises(RunError) as caught:
        task_of().fit(stream, None)
    assert caught.value.slug == "unknown-labels"
    assert caught.value.at == ("task",)
    task = task_of(labels=["a", "b"])
    task.fit(stream, None)
    assert encoded_labels(task, [1, 0]) == [1, 0]


def test_a_list_of_labels_is_multi_label(task_of: Any) -> None:
    task = fitted(task_of(labels=["a", "b"]), ["a", "b"])
    with pytest.raises(RunError) as caught:
        encoded_labels(task, [["a"]])
    assert caught.value.slug == "label-type"
    assert caught.value.helps == ('write "problem: multi-label" in the task section',)


# Several labels


@pytest.mark.parametrize(
    ("values", "feature"),
    [
        ([["b"], [], ["c", "a", "a"]], None),
        (
            [[1], [], [2, 0, 0]],
            datasets.List(datasets.ClassLabel(names=["a", "b", "c"])),
        ),
    ],
)
def test_multi_label(task_of: Any, values: list[Any], feature: Any) -> None:
    task = fitted(task_of(problem="multi-label"), values, feature)
    assert task.model_settings()["problem_type"] == "multi_label_classification"
    assert list(task.model_settings()["label2id"]) == ["a", "b", "c"]
    assert encoded_labels(task, values) == [[0.0, 1.0, 0.0], [0.0] * 3, [1.0, 0.0, 1.0]]


@pytest.mark.parametrize("value", ["a", 3])
def test_multi_label_needs_lists(task_of: Any, value: Any) -> None:
    task = fitted(task_of(problem="multi-label", labels=["a", "b"]), [["a"]])
    with pytest.raises(RunError) as caught:
        encoded_labels(task, [value])
    assert caught.value.slug == "label-type"
    assert caught.value.headline == f'a multi-label row needs a list of labels, found "{value}"'


# A number


def test_regression(task_of: Any) -> None:
    task = fitted(task_of(problem="regression"), [0.5, 1.0])
    assert task.model_settings() == {"problem_type": "regression", "num_labels": 1}
    assert encoded_labels(task, [0.5, 2, "3.5", True]) == [0.5, 2.0, 3.5, 1.0]


@pytest.mark.parametrize("value", [None, "good", [1.0], float("nan"), "inf"])
def test_regression_needs_numbers(task_of: Any, value: Any) -> None:
    task = fitted(task_of(problem="regression"), [0.5])
    with pytest.raises(RunError) as caught:
        encoded_labels(task, [value])
    assert caught.value.slug == "label-type"
    assert caught.value.at == LABEL
    assert caught.value.headline == f'a regression label must be a number, found "{value}"'


# Tokens


def test_texts_are_cut_and_pairs_are_read_together(task_of: Any) -> None:
    tokenizer = tiny.tokenizer("wordpiece")
    task = task_of(max_length=12)
    texts = list(tiny.english()[:20])
    single = task.encode({"text": texts})["input_ids"]
    whole = tokenizer(texts)["input_ids"]
    assert all(len(ids) == min(len(full), 12) for ids, full in zip(single, whole, strict=True))
    assert all(ids[-1] == tokenizer.sep_token_id for ids in single)
    assert any(len(full) > 12 for full in whole)
    paired = task.encode({"text": ["plant"], "text_pair": ["a small animal"]})["input_ids"][0]
    assert paired == tokenizer("plant", "a small animal")["input_ids"]
    long = task.encode({"text": texts[:1], "text_pair": texts[1:2]})["input_ids"][0]
    assert len(long) == 12
    assert long.count(tokenizer.sep_token_id) == 2


def test_a_field_that_is_no_text(task_of: Any) -> None:
    with pytest.raises(RunError) as caught:
        task_of().encode({"text": ["a"], "text_pair": [None]})
    assert caught.value.at == ("preprocess", "template", "text_pair")


def test_collator_pads_to_the_longest_row(task_of: Any) -> None:
    task = fitted(task_of(), ["a", "b"])
    model = tiny.bert(1000)
    encoded = task.encode({"text": ["plant", "a small green plant"], "label": ["a", "b"]})
    rows = [dict(zip(encoded, row, strict=True)) for row in zip(*encoded.values(), strict=True)]
    batch = task.collator(model)(rows)
    assert batch["input_ids"].shape == batch["attention_mask"].shape
    assert batch["attention_mask"].sum(1).tolist() == [len(ids) for ids in encoded["input_ids"]]
    assert batch["labels"].tolist() == [0, 1]
    assert int(task.count_loss_items(batch)) == 2
    assert task.pack(encoded, "train") is encoded
    assert dict(task.arguments()) == {}


# Predictions


def test_reduced_logits_are_the_logits_alone(task_of: Any) -> None:
    logits = torch.zeros(2, 3)
    assert task_of().reduce_logits((logits, "hidden states"), torch.zeros(2)) is logits
    assert task_of().reduce_logits(logits, torch.zeros(2)) is logits


@pytest.mark.parametrize(
    ("keys", "logits", "labels", "predictions", "references"),
    [
        ({}, [[0.1, 2.0, 1.0], [3.0, 0.0, 0.0]], [1, 2], [1, 0], [1, 2]),
        (
            {"problem": "multi-label"},
            [[0.1, -0.1], [-900.0, 900.0]],
            [[1.0, 0.0], [0.0, 0.0]],
            [[1, 0], [0, 1]],
            [[1, 0], [0, 0]],
        ),
        (
            {"problem": "multi-label", "threshold": 0.7},
            [[0.8, 0.9]],
            [[1.0, 1.0]],
            [[0, 1]],
            [[1, 1]],
        ),
        ({"problem": "regression"}, [[0.5], [-2.0]], [1.0, 2.0], [0.5, -2.0], [1.0, 2.0]),
    ],
)
def test_decode(
    task_of: Any, keys: Any, logits: Any, labels: Any, predictions: Any, references: Any
) -> None:
    outputs = EvalPrediction(
        predictions=np.array(logits, dtype=np.float32), label_ids=np.array(labels)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given, right = task_of(**keys).decode(outputs, datasets.Dataset.from_dict({}))
    assert given.tolist() == predictions
    assert right.tolist() == references


def predictions_of(task: TextClassification, **settings: Any) -> list[dict[str, Any]]:
    model = tiny.bert(1000, **settings)
    texts = [*tiny.english()[:6], *tiny.bangla()[:2]]
    with torch.inference_mode():
        return task.predict(model, [{"text": text} for text in texts])


def test_sets_of_labels_are_described_with_the_loss_of_the_model(task_of: Any) -> None:
    task = fitted(task_of(problem="multi-label"), [["a"], ["b", "c"]])
    logits = np.array([[2.0, -1.0, 0.5], [-3.0, 0.0, -0.1]])
    labels = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    found = task.describe(EvalPrediction(logits, labels), None, None)
    assert found["reference"] == [["a"], ["b", "c"]]
    assert found["prediction"] == [["a", "c"], ["b"]]
    assert found["scores"][0]["a"] == pytest.approx(1 / (1 + np.exp(-2)))
    loss = torch.nn.BCEWithLogitsLoss()(torch.tensor(logits), torch.tensor(labels))
    assert np.mean(found["loss"]) == pytest.approx(float(loss))


def test_numbers_are_described_with_the_loss_of_the_model(task_of: Any) -> None:
    task = task_of(problem="regression")
    outputs = EvalPrediction(np.array([[1.0], [3.5]]), np.array([2.0, 3.0]))
    assert task.describe(outputs, None, None) == {
        "reference": [2.0, 3.0],
        "prediction": [1.0, 3.5],
        "loss": [1.0, 0.25],
    }


def test_threshold_of_one_of_two_labels_decides(task_of: Any) -> None:
    task = fitted(task_of(), ["no", "yes"])
    outputs = EvalPrediction(np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 2.0]]), np.array([1, 0, 1]))
    fields = datasets.Dataset.from_dict({"label": ["yes", "no", "yes"]})
    task.calibration = Calibration(temperature=2.0, thresholds={"yes": 0.3})
    assert task.decode(outputs, None)[0].tolist() == [1, 0, 1]
    found = task.describe(outputs, None, fields)
    assert found["prediction"] == ["yes", "no", "yes"]
    score = 1 / (1 + np.exp(0.5))
    assert (found["score"][0], found["loss"][0]) == pytest.approx((score, -np.log(score)))


def test_predict_one_label(task_of: Any) -> None:
    names = ["animal", "food", "plant"]
    results = predictions_of(fitted(task_of(), names), num_labels=3)
    assert len(results) == 8
    for result in results:
        assert list(result) == ["label", "score", "scores"]
        assert list(result["scores"]) == names
        assert sum(result["scores"].values()) == pytest.approx(1.0, abs=1e-6)
        assert (
            result["score"] == result["scores"][result["label"]] == max(result["scores"].values())
        )


def test_predict_is_the_same_alone_and_in_a_batch(task_of: Any) -> None:
    task = fitted(task_of(), ["a", "b"])
    model = tiny.bert(1000)
    rows = [{"text": text} for text in tiny.english()[:5]]
    with torch.inference_mode():
        together = task.predict(model, rows)
        alone = [task.predict(model, [row])[0] for row in rows]
    for one, other in zip(together, alone, strict=True):
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-6)


def test_predict_several_labels(task_of: Any) -> None:
    task = fitted(task_of(problem="multi-label", threshold=0.5), [["a"], ["b", "c"]])
    for result in predictions_of(task, num_labels=3):
        assert result["labels"] == [
            name for name, score in result["scores"].items() if score >= 0.5
        ]


def test_predict_a_number(task_of: Any) -> None:
    results = predictions_of(fitted(task_of(problem="regression"), [1.0]), num_labels=1)
    assert all(isinstance(result["value"], float) for result in results)


def test_predict_pairs(task_of: Any) -> None:
    task = fitted(task_of(), ["a", "b"])
    model = tiny.bert(1000)
    rows = [{"text": "a plant", "text_pair": other} for other in ("a tree", "a dog")]
    with torch.inference_mode():
        first, second = task.predict(model, rows)
    assert first["scores"] != second["scores"]


def test_labels_come_back_from_a_trained_model(task_of: Any, tmp_path: Any) -> None:
    task = fitted(task_of(), ["y", "x", "z"])
    tiny.bert(1000, **task.model_settings()).save_pretrained(tmp_path)
    again = task_of()
    again.restore(AutoConfig.from_pretrained(tmp_path))
    assert again.model_settings() == task.model_settings()
