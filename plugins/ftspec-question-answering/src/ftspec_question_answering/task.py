"""A question answering head over windows of the context."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import datasets
import numpy as np
import torch
from transformers import EvalPrediction, PreTrainedModel

from ftspec.api import RunError, Task, TaskContext, checked_texts
from ftspec_question_answering.answers import Answer, read_answers
from ftspec_question_answering.config import QuestionAnsweringConfig
from ftspec_question_answering.spans import Array, find_best_spans
from ftspec_question_answering.trainer import QuestionAnsweringTrainer

_INPUTS = ("question", "context")
_PLACES = ("window", "first", "begins", "stops", "null", "context")
_LABELS = ("start_positions", "end_positions")
_WINDOWS = 32  # per batch in prediction


class QuestionAnswering(Task):
    """Predicts the start and the end of the answer. Both are the first token if a window has none.

    An encoded row is a window. In addition to the inputs of the model it has ``window``, its number
    in its example; ``first``, the position of its first context token; ``begins`` and ``stops``,
    the character ranges of its context tokens; ``null``, the position for no answer; and, if it is
    the first window of an example, the ``context`` and the ``texts`` of the right answers.
    """

    trainer_class = QuestionAnsweringTrainer

    def __init__(self, config: QuestionAnsweringConfig, context: TaskContext) -> None:
        self._config = config
        self._context = context
        self._tokenizer = context.tokenizer
        if not self._tokenizer.is_fast:
            raise RunError(
                f'the tokenizer "{type(self._tokenizer).__name__}" does not give the places of '
                "its tokens in the text",
                slug="question-answering/slow-tokenizer",
                at=("tokenizer",),
                helps=('use one with a tokenizer.json, or train one: "tokenizer: {type: train}"',),
            )
        length = context.max_length
        self._stride = length // 4 if config.doc_stride is None else config.doc_stride
        room = length - self._tokenizer.num_special_tokens_to_add(pair=True) - self._stride - 1
        if room < 1:
            raise RunError(
                f"windows of {length} tokens that share {self._stride} have no room for a question",
                slug="question-answering/stride",
                at=(*context.section, "doc_stride"),
                helps=('lower "doc_stride" or raise "tokenizer: {max_length: …}"',),
            )
        self._question_length = min(config.max_question_length, room)

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Windows with the question and a part of the context."""
        contexts = checked_texts(fields["context"], "context")
        encoded = self._tokenizer(
            self._cut(checked_texts(fields["question"], "question")),
            contexts,
            truncation="only_second",
            max_length=self._context.max_length,
            stride=self._stride,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        answers = None
        if "answers" in fields:
            answers = list(map(self._read_answers, fields["answers"], contexts))
        sources = encoded.pop("overflow_to_sample_mapping")
        offsets = encoded.pop("offset_mapping")
        windows = []
        number = -1
        for at, source in enumerate(sources):
            number = number + 1 if at and sources[at - 1] == source else 0
            inside = [p for p, part in enumerate(encoded.sequence_ids(at)) if part == 1]
            windows.append(
                {
                    **{name: values[at] for name, values in encoded.items()},
                    "window": number,
                    "first": inside[0] if inside else 0,
                    "begins": [offsets[at][position][0] for position in inside],
                    "stops": [offsets[at][position][1] for position in inside],
                    "null": self._null_position(encoded["input_ids"][at]),
                    "context": contexts[source] if number == 0 else "",
                }
            )
            if answers is not None:
                windows[-1] |= _labels_of(answers[source], windows[-1])
        return {name: [window[name] for window in windows] for name in windows[0]}

    def pack(self, rows: datasets.Dataset, split: str) -> datasets.Dataset:
        """Report the number of windows."""
        if isinstance(rows, datasets.Dataset):
            questions = rows["window"][:].count(0)
            if questions < len(rows):
                self._context.note(f"{split}: {len(rows):,} windows over {questions:,} questions")
        return rows

    def collator(self, model: PreTrainedModel) -> Callable[[list[dict[str, Any]]], Any]:
        """Pad on the right, whatever the tokenizer's setting: positions count from the left."""

        def collate(rows: list[dict[str, Any]]) -> Any:
            batch = self._pad(rows)
            for name in _LABELS:
                batch[name] = torch.tensor([row[name] for row in rows])
            return batch

        return collate

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> Any:
        """The scores of starts and ends."""
        return logits[:2]

    def decode(
        self, outputs: EvalPrediction, rows: datasets.Dataset | datasets.IterableDataset
    ) -> tuple[Any, Any]:
        """The answer to each question, and the right answers. The empty text means no answer."""
        windows = list(rows.select_columns([*_PLACES, "texts"]))
        starts, ends = (np.asarray(scores, dtype=np.float32) for scores in outputs.predictions)
        answers = [found[0]["answer"] for found in self._answers(windows, starts, ends, count=1)]
        return answers, [window["texts"] for window in windows if window["window"] == 0]

    def predict(
        self, model: PreTrainedModel, rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """For each row the best answer, its probability among all answers, and its character range
        in the context. ``others`` are the next best answers."""
        encoded = self.encode({name: [row[name] for row in rows] for name in _INPUTS})
        windows = [
            dict(zip(encoded, values, strict=True))
            for values in zip(*encoded.values(), strict=True)
        ]
        width = max(len(window["input_ids"]) for window in windows)
        starts, ends = (np.full((len(windows), width), -np.inf, np.float32) for _ in range(2))
        for at in range(0, len(windows), _WINDOWS):
            batch = self._pad(windows[at : at + _WINDOWS]).to(model.device)
            given = model(**batch)
            for scores, part in ((starts, given.start_logits), (ends, given.end_logits)):
                scores[at : at + len(part), : part.shape[1]] = part.float().cpu().numpy()
        found = self._answers(windows, starts, ends, count=self._config.n_best)
        return [
            {
                **({"id": row["id"]} if "id" in row else {}),
                **best,
                **({"others": others} if self._config.n_best > 1 else {}),
            }
            for row, (best, *others) in zip(rows, found, strict=True)
        ]

    def show(self, result: Mapping[str, Any]) -> str:
        """The answer, with its score."""
        return f"{result['answer'] or '(no answer)'}  ({result['score']:.3f})"

    def _answers(
        self, windows: Sequence[Mapping[str, Any]], starts: Array, ends: Array, *, count: int
    ) -> Iterator[list[dict[str, Any]]]:
        """The best answers of each example over all its windows, at least one."""
        first = np.array([window["first"] for window in windows])[:, None]
        size = np.array([len(window["begins"]) for window in windows])[:, None]
        positions = np.arange(starts.shape[1])[None, :]
        spans = find_best_spans(
            starts,
            ends,
            (positions >= first) & (positions < first + size),
            longest=self._config.max_answer_length,
            count=count,
        )
        at_null = (np.arange(len(windows)), np.array([window["null"] for window in windows]))
        null = starts[at_null] + ends[at_null]
        edges = [at for at, window in enumerate(windows) if window["window"] == 0]
        for begin, stop in zip(edges, [*edges[1:], len(windows)], strict=True):
            found: dict[tuple[int, int], float] = {}
            for at in range(begin, stop):
                offset, window = windows[at]["first"], windows[at]
                for score, start, end in zip(
                    spans.scores[at], spans.starts[at], spans.ends[at], strict=True
                ):
                    if score > -math.inf:
                        place = (window["begins"][start - offset], window["stops"][end - offset])
                        found[place] = max(float(score), found.get(place, -math.inf))
            totals = [*spans.totals[begin:stop]]
            none = float(null[begin:stop].min())
            if self._config.null_score_threshold is not None:
                totals.append(none)
            yield self._ranked(windows[begin]["context"], found, none, totals)[:count]

    def _ranked(
        self,
        context: str,
        found: Mapping[tuple[int, int], float],
        none: float,
        totals: Sequence[float],
    ) -> list[dict[str, Any]]:
        total = float(np.logaddexp.reduce(totals))
        ranked: list[dict[str, Any]] = [
            {**_strip(context, *place), "score": math.exp(score - total)}
            for place, score in sorted(found.items(), key=lambda item: -item[1])
        ]
        threshold = self._config.null_score_threshold
        if not found or (threshold is not None and none - max(found.values()) > threshold):
            share = math.exp(none - total) if threshold is not None else 1.0
            ranked.insert(0, {"answer": "", "start": None, "end": None, "score": share})
        return ranked

    def _read_answers(self, value: Any, context: str) -> list[Answer]:
        answers = read_answers(value, context)
        if not answers and self._config.null_score_threshold is None:
            raise RunError(
                "a row has no answer",
                slug="question-answering/no-answer",
                at=("preprocess", "template", "answers"),
                helps=('if this is intended, write "null_score_threshold: 0" in the task section',),
            )
        return answers

    def _cut(self, questions: list[str]) -> list[str]:
        """The questions, truncated, so that a window has room for some context."""
        longest = self._question_length
        encoded = self._tokenizer(
            questions, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        return [
            question if len(pieces) <= longest else question[: pieces[longest - 1][1]]
            for question, pieces in zip(questions, encoded["offset_mapping"], strict=True)
        ]

    def _null_position(self, ids: list[int]) -> int:
        cls = self._tokenizer.cls_token_id
        return ids.index(cls) if cls in ids else 0

    def _pad(self, rows: Iterable[Mapping[str, Any]]) -> Any:
        names = self._tokenizer.model_input_names
        inputs = [{name: row[name] for name in names if name in row} for row in rows]
        return self._tokenizer.pad(inputs, padding_side="right", return_tensors="pt")


def _labels_of(answers: Sequence[Answer], window: Mapping[str, Any]) -> dict[str, Any]:
    """The place of the first answer in a window, or the position for no answer; and the texts of
    all right answers, or the empty text."""
    texts = [answer.text for answer in answers] or [""]
    begins, stops, first = window["begins"], window["stops"], window["first"]
    start = end = window["null"]
    if answers and begins and begins[0] <= answers[0].start and answers[0].end <= stops[-1]:
        start = first + bisect_right(stops, answers[0].start)
        end = first + bisect_left(begins, answers[0].end) - 1
    return {
        "start_positions": start,
        "end_positions": end,
        "texts": texts if window["window"] == 0 else [""],
    }


def _strip(context: str, start: int, end: int) -> dict[str, Any]:
    """The text of a range, without the space that some tokenizers include in a token."""
    text = context[start:end]
    start += len(text) - len(text.lstrip())
    return {"answer": text.strip(), "start": start, "end": start + len(text.strip())}
