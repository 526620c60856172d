"""Token classification: a head on every token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import datasets
import numpy as np
import torch
from seqeval.metrics.sequence_labeling import get_entities
from transformers import EvalPrediction, PretrainedConfig, PreTrainedModel

from ftspec.api import (
    IGNORED_LABEL,
    LabelColumn,
    LabelCounts,
    Labels,
    RunError,
    Task,
    TaskContext,
    class_names_of,
    learn_labels,
)
from ftspec_token_classification.config import TokenClassificationConfig, is_bio
from ftspec_token_classification.tags import TAGS, as_tags
from ftspec_token_classification.words import Words, first_pieces, read_words

_WINDOWS = 32  # per batch in prediction
_BATCH = 10_000  # rows
_SAMPLE = 1_000  # rows of a stream that show how its tags are written


class TokenClassification(Task):
    """A tag for each word, at its first token."""

    def __init__(self, config: TokenClassificationConfig, context: TaskContext) -> None:
        self._config = config
        self._context = context
        self._tokenizer = context.tokenizer
        self._labels: Labels | None = None
        if not self._tokenizer.is_fast:
            raise RunError(
                f'the tokenizer "{type(self._tokenizer).__name__}" does not give the places of '
                "its tokens in the text",
                slug="token-classification/slow-tokenizer",
                at=("tokenizer",),
                helps=('use one with a tokenizer.json, or train one: "tokenizer: {type: train}"',),
            )

    def fit(
        self,
        fields: datasets.Dataset | datasets.IterableDataset,
        features: datasets.Features | None,
    ) -> None:
        """Decide what the values of the tags mean: names from the spec, the ClassLabel feature, or
        the training split."""
        labels = self._learn(fields, class_names_of((features or {}).get("tags")))
        names = labels.names
        wrong = [name for name in names if not is_bio(name)]
        if wrong and self._config.scheme == "bio":
            raise RunError(
                f'"{wrong[0]}" is not a tag of the scheme "bio"',
                slug="token-classification/not-bio",
                at=TAGS,
                helps=('for labels of single words, write "scheme: none" in the task section',),
            )
        if len(names) < 2:
            raise RunError(
                f'every word of the training split has the tag "{names[0]}"'
                if names
                else "the training split has no tags",
                slug="one-label",
                at=TAGS,
                helps=("there must be at least two tags",),
            )
        labels.report(self._context.note)
        self._labels = labels

    def restore(self, config: PretrainedConfig) -> None:
        """Read the tags from the trained model."""
        id2label = cast(dict[int, str], config.id2label)
        self._labels = Labels([id2label[index] for index in sorted(id2label)], TAGS)

    def model_settings(self) -> Mapping[str, Any]:
        """The tags, for the saved model."""
        return {
            "id2label": dict(enumerate(self._names)),
            "label2id": {name: index for index, name in enumerate(self._names)},
        }

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Tokens truncated to ``max_length``, with labels. ``firsts`` are the positions of first
        tokens of words, ``cut`` is the number of truncated words."""
        rows = [read_words(value) for value in fields["tokens"]]
        encoded = dict(
            self._tokenizer(
                [words.text for words in rows],
                truncation=True,
                max_length=self._context.max_length,
                return_offsets_mapping=True,
            )
        )
        labels, firsts, cut = [], [], []
        offsets = encoded.pop("offset_mapping")
        for words, pieces, tags in zip(rows, offsets, fields["tags"], strict=True):
            owners = words.owners(pieces)
            first = first_pieces(owners)
            ids = self._ids_of(tags, words)
            labels.append(self._labels_of(owners, first, ids))
            firsts.append(list(first.values()))
            end = max((end for _, end in pieces), default=0)
            cut.append(sum(start >= end and start < stop for start, stop in words.spans))
        return {**encoded, "labels": labels, "firsts": firsts, "cut": cut}

    def pack(self, rows: datasets.Dataset, split: str) -> datasets.Dataset:
        """Report truncated words."""
        if isinstance(rows, datasets.Dataset) and (count := sum(rows["cut"])):
            self._context.note(
                f"{split}: {count:,} words are past max_length ({self._context.max_length}), and "
                "are ignored"
            )
        return rows

    def collator(self, model: PreTrainedModel) -> Callable[[list[dict[str, Any]]], Any]:
        """Pad on the right, whatever the tokenizer's setting: ``firsts`` count from the left."""

        def collate(rows: list[dict[str, Any]]) -> Any:
            batch = self._pad(rows)
            width = batch["input_ids"].shape[1]
            batch["labels"] = torch.tensor(
                [row["labels"] + [IGNORED_LABEL] * (width - len(row["labels"])) for row in rows]
            )
            return batch

        return collate

    def count_loss_items(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The number of tokens with a label."""
        return batch["labels"].ne(IGNORED_LABEL).sum()

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> Any:
        """The best tag of each token."""
        return (logits[0] if isinstance(logits, tuple) else logits).argmax(dim=-1)

    def decode(
        self, outputs: EvalPrediction, rows: datasets.Dataset | datasets.IterableDataset
    ) -> tuple[Any, Any]:
        """The tags of the words of each row, or the class ids of all words in one list."""
        firsts = [row["firsts"] for row in rows.select_columns(["firsts"])]
        given, right = (
            [np.asarray(row)[positions] for row, positions in zip(ids, firsts, strict=True)]
            for ids in (outputs.predictions, outputs.label_ids)
        )
        if self._config.scheme == "none":
            return np.concatenate(given), np.concatenate(right)
        return [self._tags_of(ids) for ids in given], [self._tags_of(ids) for ids in right]

    def predict(
        self, model: PreTrainedModel, rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """The spans of each text with character offsets. The words of a list count as joined by
        single spaces. Long texts are split into windows."""
        texts = [read_words(row["tokens"]) for row in rows]
        tags: list[dict[int, tuple[str, float]]] = [{} for _ in rows]
        for row, pieces, scores in self._scores(model, texts):
            for word, position in first_pieces(texts[row].owners(pieces)).items():
                best = int(scores[position].argmax())
                tags[row].setdefault(word, (self._names[best], float(scores[position][best])))
        return [
            {"spans": list(self._spans(words, found))}
            for words, found in zip(texts, tags, strict=True)
        ]

    def show(self, result: Mapping[str, Any]) -> str:
        """The spans, with label and score."""
        spans = (f"{one['text']} ({one['label']} {one['score']:.3f})" for one in result["spans"])
        return ", ".join(spans) or "(none)"

    def _scores(
        self, model: PreTrainedModel, texts: list[Words]
    ) -> Iterator[tuple[int, list[tuple[int, int]], Any]]:
        """For each window its row, its tokens, and their probabilities by tag."""
        encoded = self._tokenizer(
            [words.text for words in texts],
            truncation=True,
            max_length=self._context.max_length,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        sources = encoded.pop("overflow_to_sample_mapping")
        offsets = encoded.pop("offset_mapping")
        windows = [
            dict(zip(encoded, values, strict=True))
            for values in zip(*encoded.values(), strict=True)
        ]
        for start in range(0, len(windows), _WINDOWS):
            part = slice(start, start + _WINDOWS)
            logits = model(**self._pad(windows[part]).to(model.device)).logits
            scores = logits.float().softmax(dim=-1).cpu().numpy()
            yield from zip(sources[part], offsets[part], scores, strict=True)

    def _spans(
        self, words: Words, tags: Mapping[int, tuple[str, float]]
    ) -> Iterator[dict[str, Any]]:
        known = sorted(tags)  # a word may have no tokens
        named = [tags[word][0] for word in known]
        if self._config.scheme == "none":
            stretches = [(tag, at, at) for at, tag in enumerate(named)]
        else:
            stretches = get_entities(named)
        for label, first, last in stretches:
            start, end = words.spans[known[first]][0], words.spans[known[last]][1]
            scores = [tags[word][1] for word in known[first : last + 1]]
            yield {
                "text": words.text[start:end],
                "label": label,
                "start": start,
                "end": end,
                "score": sum(scores) / len(scores),
            }

    @property
    def _names(self) -> tuple[str, ...]:
        assert self._labels is not None
        return self._labels.names

    def _tags_of(self, ids: Any) -> list[str]:
        return [self._names[index] for index in ids]

    def _ids_of(self, tags: Any, words: Words) -> list[int]:
        assert self._labels is not None
        tags = as_tags(tags)
        if len(tags) != len(words.spans):
            raise RunError(
                f"a row has {len(words.spans)} words and {len(tags)} tags",
                slug="token-classification/tag-count",
                at=TAGS,
                helps=(f'the row is "{words.text[:80]}"',),
            )
        return [self._labels.id_of(tag) for tag in tags]

    def _labels_of(
        self, owners: Sequence[int | None], first: Mapping[int, int], ids: Sequence[int]
    ) -> list[int]:
        labels = [IGNORED_LABEL] * len(owners)
        for position, word in enumerate(owners):
            if word is None:
                continue
            if position == first[word]:
                labels[position] = ids[word]
            elif self._config.label_all_pieces:
                labels[position] = self._inside(ids[word])
        return labels

    def _inside(self, index: int) -> int:
        """The tag for later tokens of a word, because a span starts only once."""
        name = self._names[index]
        inside = f"I-{name.removeprefix('B-')}"
        goes_on = self._config.scheme == "bio" and name.startswith("B-") and inside in self._names
        return self._names.index(inside) if goes_on else index

    def _pad(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        names = self._tokenizer.model_input_names
        inputs = [{name: row[name] for name in names if name in row} for row in rows]
        return self._tokenizer.pad(inputs, padding_side="right", return_tensors="pt")

    def _learn(
        self, fields: datasets.Dataset | datasets.IterableDataset, class_names: Sequence[str]
    ) -> Labels:
        column = LabelColumn(
            at=TAGS,
            names=self._config.labels,
            class_names=class_names,
            checkpoint_names=self._context.checkpoint_labels,
            unit="words",
        )
        if isinstance(fields, datasets.Dataset):
            return learn_labels(_count(fields), column)
        if self._config.labels is None and not class_names:
            raise RunError(
                "the tags of a streamed source are not known",
                slug="unknown-labels",
                at=self._context.section,
                helps=('name them in the task section: "labels: […]"',),
            )
        counts = LabelCounts(tag for row in fields.take(_SAMPLE) for tag in as_tags(row["tags"]))
        return learn_labels(counts, replace(column, sample=f"the first {_SAMPLE:,} rows"))


def _count(fields: datasets.Dataset) -> LabelCounts:
    feature = fields.features["tags"]
    counts = LabelCounts()
    if isinstance(feature, datasets.List) and isinstance(
        feature.feature, (datasets.Value, datasets.ClassLabel)
    ):
        for table in fields.select_columns(["tags"]).with_format("arrow").iter(_BATCH):
            column = table.column("tags").combine_chunks()
            if column.null_count:
                as_tags(None)
            counts.add_column(column.flatten())
        return counts
    for row in fields["tags"]:
        for tag in as_tags(row):
            counts.add(tag)
    return counts
