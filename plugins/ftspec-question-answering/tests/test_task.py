"""From questions to windows, and from scores back to answers."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from ftspec_question_answering.task import QuestionAnswering
from transformers import ByT5Tokenizer, PreTrainedTokenizerBase
from transformers.modeling_outputs import QuestionAnsweringModelOutput

from ftspec.api import RunError

MakeTask = Callable[..., QuestionAnswering]

TOKENIZERS = ["wordpiece", "bytes_bpe"]
CONTEXT = "otter: a freshwater mammal. dotterel: rare plover. saw: a tool for cutting wood."


def question_of(answer: str, question: str = "What is it?", context: str = CONTEXT) -> Any:
    answers = {"text": [answer] if answer else [], "answer_start": [context.find(answer)]}
    answers["answer_start"] = answers["answer_start"][: len(answers["text"])]
    return {"question": question, "context": context, "answers": answers}


def encoded_by(task: QuestionAnswering, rows: list[dict[str, Any]]) -> Dataset:
    fields = Dataset.from_list(
        [{name: row[name] for name in ("question", "context", "answers")} for row in rows]
    )
    return fields.map(task.encode, batched=True, remove_columns=fields.column_names)


def text_in(task: QuestionAnswering, window: dict[str, Any], context: str) -> str:
    first = window["first"]
    start, end = window["start_positions"] - first, window["end_positions"] - first
    return context[window["begins"][start] : window["stops"][end]].strip()


class Model:
    """Scores the given positions in every window; the rest scores 0."""

    device = torch.device("cpu")

    def __init__(self, starts: list[int], ends: list[int], score: float = 9.0) -> None:
        self.starts, self.ends, self.score = starts, ends, score
        self.done = 0

    def __call__(self, **batch: torch.Tensor) -> QuestionAnsweringModelOutput:
        size = len(batch["input_ids"])
        part = slice(self.done, self.done + size)
        self.done += size
        logits = torch.zeros(2, *batch["input_ids"].shape)
        for at, positions in enumerate((self.starts[part], self.ends[part])):
            logits[at, torch.arange(size), torch.tensor(positions)] = self.score
        return QuestionAnsweringModelOutput(start_logits=logits[0], end_logits=logits[1])


def perfect(encoded: Any) -> Model:
    return Model(list(encoded["start_positions"]), list(encoded["end_positions"]))


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("max_length", [48, 512])
def test_labels_mark_the_answer(
    make_task: MakeTask,
    rows: list[dict[str, Any]],
    name: str,
    max_length: int,
    request: pytest.FixtureRequest,
) -> None:
    """In each window that has all of it, and in one at least."""
    tokenizer: PreTrainedTokenizerBase = request.getfixturevalue(name)
    task = make_task(tokenizer, max_length=max_length, doc_stride=24, null_score_threshold=0)
    answered = 0
    for row in rows[:60]:
        windows = list(encoded_by(task, [row]))
        assert [window["window"] for window in windows] == list(range(len(windows)))
        assert all(len(window["input_ids"]) <= max_length for window in windows)
        texts = row["answers"]["text"]
        holding = [w for w in windows if w["start_positions"] != w["null"]]
        assert bool(holding) == bool(texts) or len(texts[0]) > 60
        assert [text_in(task, window, row["context"]) for window in holding] == texts * len(holding)
        answered += len(holding)
        # together the windows read all of the context
        ranges = [range(w["begins"][0], w["stops"][-1]) for w in windows]
        assert set().union(*ranges) == set(range(len(row["context"])))
        if max_length == 512:
            assert len(windows) == 1
    assert answered > 30


@pytest.mark.parametrize("name", TOKENIZERS)
def test_right_scores_give_right_answers(
    make_task: MakeTask,
    rows: list[dict[str, Any]],
    name: str,
    request: pytest.FixtureRequest,
) -> None:
    """Through collator, padding between batches and windows back to examples."""
    tokenizer: PreTrainedTokenizerBase = request.getfixturevalue(name)
    task = make_task(tokenizer, max_length=128, null_score_threshold=0, max_answer_length=60)
    encoded = encoded_by(task, rows[:40])
    assert len(encoded) > 45
    batch = task.collator(None)(list(encoded))
    assert set(batch) <= {
        *("input_ids", "attention_mask", "token_type_ids"),
        *("start_positions", "end_positions"),
    }
    assert int(task.count_loss_items(batch)) == len(encoded)
    logits = [
        torch.nn.functional.one_hot(batch[label], batch["input_ids"].shape[1] + 7).float() * 9
        for label in ("start_positions", "end_positions")
    ]
    given = task.reduce_logits((*logits, "hidden states"), (None, None))  # type: ignore[arg-type]
    outputs: Any = SimpleNamespace(predictions=tuple(part.numpy() for part in given))
    expected = [(row["answers"]["text"] or [""]) for row in rows[:40]]
    for kept in (encoded, encoded.to_iterable_dataset()):
        answers, references = task.decode(outputs, kept)
        assert references == expected
        assert answers == [texts[0] for texts in expected]


def test_windows_are_told(make_task: MakeTask, notes: list[str]) -> None:
    task = make_task(max_length=32, doc_stride=8)
    encoded = encoded_by(task, [question_of("otter"), question_of("saw", context="saw")])
    assert task.pack(encoded, "train") is encoded
    assert notes == [f"train: {len(encoded)} windows over 2 questions"]


def test_a_long_question_leaves_room(make_task: MakeTask) -> None:
    task = make_task(max_length=32, doc_stride=8)
    encoded = encoded_by(task, [question_of("saw", question="what " * 500)])
    assert all(len(ids) <= 32 for ids in encoded["input_ids"])
    assert any(start for start in encoded["start_positions"])


def test_no_room_at_all(make_task: MakeTask) -> None:
    with pytest.raises(RunError) as caught:
        make_task(max_length=32, doc_stride=28)
    assert caught.value.slug == "question-answering/stride"
    assert caught.value.at == ("task", "doc_stride")


def test_an_answer_is_expected(make_task: MakeTask) -> None:
    task = make_task()
    with pytest.raises(RunError) as caught:
        task.encode({name: [value] for name, value in question_of("").items()})
    assert caught.value.slug == "question-answering/no-answer"


def test_a_tokenizer_without_offsets(make_task: MakeTask) -> None:
    with pytest.raises(RunError) as caught:
        make_task(ByT5Tokenizer())
    assert caught.value.slug == "question-answering/slow-tokenizer"


def test_prediction_finds_the_place_in_the_whole_context(make_task: MakeTask) -> None:
    task = make_task(max_length=32, doc_stride=8, max_answer_length=40)
    asked = [question_of("rare plover"), question_of("saw", context="  saw")]
    encoded = encoded_by(task, asked)
    assert len(encoded) > 3
    results = task.predict(perfect(encoded), asked)  # type: ignore[arg-type]
    for result, row in zip(results, asked, strict=True):
        assert list(result) == ["answer", "start", "end", "score"]
        assert result["answer"] == row["answers"]["text"][0]
        assert row["context"][result["start"] : result["end"]] == result["answer"]
        assert 0.9 < result["score"] <= 1


def test_no_answer(make_task: MakeTask) -> None:
    asked = [question_of("")]
    lenient, strict = (make_task(null_score_threshold=value) for value in (0, 100))
    encoded = encoded_by(lenient, asked)
    (none,) = lenient.predict(perfect(encoded), asked)  # type: ignore[arg-type]
    assert (none["answer"], none["start"], none["end"]) == ("", None, None)
    assert none["score"] > 0.9
    assert lenient.show(none).startswith("(no answer)  (")
    (some,) = strict.predict(perfect(encoded), asked)  # type: ignore[arg-type]
    assert some["answer"]
    assert some["score"] < 0.1
    (always,) = make_task().predict(perfect(encoded), asked)  # type: ignore[arg-type]
    assert always["answer"]


def test_several_answers_and_their_ids(make_task: MakeTask) -> None:
    task = make_task(n_best=3)
    row = question_of("rare plover")
    encoded = encoded_by(task, [row])
    found, plain = task.predict(perfect(encoded), [{**row, "id": "q1"}, row])  # type: ignore[arg-type]
    assert found["id"] == "q1"
    assert "id" not in plain
    assert found["answer"] == "rare plover"
    assert len(found["others"]) == 2
    scores = [found["score"], *(other["score"] for other in found["others"])]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) < 1
    places = {(one["start"], one["end"]) for one in (found, *found["others"])}
    assert len(places) == 3


def test_an_empty_context_has_no_answer(make_task: MakeTask) -> None:
    task = make_task()
    model: Any = Model([0], [0])
    (result,) = task.predict(model, [{"question": "what?", "context": ""}])
    assert result == {"answer": "", "start": None, "end": None, "score": 1.0}


def test_scores_are_shares_of_all_spans(make_task: MakeTask) -> None:
    """With equal scores every span is as likely as any other."""
    task = make_task(max_answer_length=1)
    row = question_of("otter")
    encoded = encoded_by(task, [row])
    size = len(encoded[0]["begins"])
    (result,) = task.predict(Model([0], [0], score=0.0), [row])  # type: ignore[arg-type]
    assert result["score"] == pytest.approx(1 / size)
    assert np.isfinite(result["score"])
