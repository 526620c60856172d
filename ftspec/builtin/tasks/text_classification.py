"""Text classification: one label, several labels, or a number for a text or a pair of texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import datasets
import numpy as np
import torch
from scipy.special import expit, log_expit, log_softmax
from transformers import (
    DataCollatorWithPadding,
    EvalPrediction,
    PretrainedConfig,
    PreTrainedModel,
)

from ftspec.api import (
    IGNORED_LABEL,
    LabelColumn,
    LabelCounts,
    Labels,
    LabelSets,
    RunError,
    Task,
    TaskContext,
    checked_texts,
    class_names_of,
    learn_label_sets,
    learn_labels,
)
from ftspec.builtin.tasks.config import TextClassificationConfig
from ftspec.builtin.tasks.tokenizing import padding_on_side_of_class, tokenize

_PROBLEM_TYPES = {
    "single-label": "single_label_classification",
    "multi-label": "multi_label_classification",
    "regression": "regression",
}
_LABEL = ("preprocess", "template", "label")
_BATCH = 10_000  # rows
_SAMPLE = 1_000  # rows of a stream that show how its labels are written


class TextClassification(Task):
    """A sequence classification head."""

    def __init__(self, config: TextClassificationConfig, context: TaskContext) -> None:
        self._config = config
        self._context = context
        self._labels: Labels | None = None
        self._sets: LabelSets | None = None
        self.takes_calibration = config.problem != "regression"

    def fit(
        self,
        fields: datasets.Dataset | datasets.IterableDataset,
        features: datasets.Features | None,
    ) -> None:
        """Decide what the values of the label column mean: names from the spec, the ClassLabel
        feature, or the training split."""
        if self._config.problem == "regression":
            self._note_numbers(fields)
            return
        class_names = class_names_of((features or {}).get("label"))
        column = LabelColumn(
            at=_LABEL,
            names=self._config.labels,
            class_names=class_names,
            checkpoint_names=self._context.checkpoint_labels,
            float_help='for numbers to predict, write "problem: regression" in the task section',
        )
        if not isinstance(fields, datasets.Dataset):
            if self._config.labels is None and not class_names:
                raise RunError(
                    "the labels of a streamed source are not known",
                    slug="unknown-labels",
                    at=self._context.section,
                    helps=('name them in the task section: "labels: […]"',),
                )
            column = replace(column, sample=f"the first {_SAMPLE:,} rows")
        self._learn(fields, column)
        assert self._labels is not None
        names = self._labels.names
        if len(names) < 2:
            raise RunError(
                f'the training split has only one label: "{names[0]}"'
                if names
                else "the training split has no labels",
                slug="one-label",
                at=_LABEL,
                helps=("a classifier needs at least two labels",),
            )
        self._labels.report(self._context.note)

    def restore(self, config: PretrainedConfig) -> None:
        """Read the label names from the trained model."""
        id2label = cast(dict[int, str], config.id2label)
        names = [id2label[index] for index in sorted(id2label)]
        self._labels = Labels(names, _LABEL)

    def model_settings(self) -> Mapping[str, Any]:
        """Problem type and label names, for the saved model."""
        problem_type = _PROBLEM_TYPES[self._config.problem]
        if self._labels is None:
            return {"problem_type": problem_type, "num_labels": 1}
        names = self._labels.names
        return {
            "problem_type": problem_type,
            "id2label": dict(enumerate(names)),
            "label2id": {name: index for index, name in enumerate(names)},
        }

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Tokens of the text or the pair, truncated to ``max_length``, and the labels."""
        encoded = dict(self._tokenize(fields))
        if "label" in fields:
            encoded["labels"] = [self._encode_label(value) for value in fields["label"]]
        return encoded

    def collator(self, model: PreTrainedModel) -> Callable[[list[dict[str, Any]]], Any]:
        """Pad to the longest row in the batch."""
        return DataCollatorWithPadding(padding_on_side_of_class(self._context.tokenizer))

    def count_loss_items(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor | int:
        """The rows whose label training has: the loss leaves out the others."""
        if self._config.problem == "single-label" and "labels" in batch:
            return (batch["labels"] != IGNORED_LABEL).sum()
        return super().count_loss_items(batch)

    def decode(
        self, outputs: EvalPrediction, rows: datasets.Dataset | datasets.IterableDataset
    ) -> tuple[Any, Any]:
        """Class ids, 0/1 rows over the classes, or values."""
        logits = np.asarray(outputs.predictions, dtype=np.float64)
        references = np.asarray(outputs.label_ids)
        if self._config.problem == "regression":
            return logits.reshape(-1), references.reshape(-1)
        if self._config.problem == "multi-label":
            given = self._set_scores(logits) >= self._thresholds
            return given.astype(int), references.astype(int)
        return self._best(self._log_scores(logits)), references

    def describe(
        self,
        outputs: EvalPrediction,
        rows: datasets.Dataset | datasets.IterableDataset,
        fields: datasets.Dataset,
    ) -> Mapping[str, Sequence[Any]]:
        """The label and its score, the scores of all labels, and the loss of the row. The reference
        is the label of the data, also where training had no such label."""
        if self._config.problem == "regression":
            return self._describe_values(outputs, rows)
        assert self._labels is not None
        names = self._labels.names
        logits = np.asarray(outputs.predictions, dtype=np.float64)
        references = np.asarray(outputs.label_ids)
        if self._config.problem == "multi-label":
            return self._describe_sets(logits, references.astype(bool))
        logs = self._log_scores(logits)
        best = self._best(logs)
        at = np.arange(len(logs))
        known = references >= 0
        losses = np.where(known, -logs[at, np.where(known, references, 0)], np.nan)
        written = fields["label"]
        return {
            "reference": [
                names[label] if label >= 0 else str(written[row])
                for row, label in enumerate(references)
            ],
            "prediction": [names[label] for label in best],
            "score": np.exp(logs[at, best]).tolist(),
            "scores": [dict(_pairs(names, row)) for row in np.exp(logs)],
            "loss": [None if math.isnan(loss) else float(loss) for loss in losses],
        }

    def _describe_sets(
        self, logits: np.ndarray, references: np.ndarray
    ) -> Mapping[str, Sequence[Any]]:
        assert self._labels is not None
        names = self._labels.names
        logits = logits / self._temperature
        scores = expit(logits)
        losses = -np.where(references, log_expit(logits), log_expit(-logits))
        return {
            "reference": [_named(names, row) for row in references],
            "prediction": [_named(names, row) for row in scores >= self._thresholds],
            "scores": [dict(_pairs(names, row)) for row in scores],
            "loss": losses.mean(axis=1).tolist(),
        }

    def _describe_values(
        self, outputs: EvalPrediction, rows: datasets.Dataset | datasets.IterableDataset
    ) -> Mapping[str, Sequence[Any]]:
        given, right = self.decode(outputs, rows)
        return {
            "reference": right.astype(float).tolist(),
            "prediction": given.tolist(),
            "loss": ((given - right) ** 2).tolist(),
        }

    def predict(
        self, model: PreTrainedModel, rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """The label of each row with its score, and the scores of all labels."""
        fields = {name: [row[name] for row in rows] for name in rows[0]}
        tokenizer = padding_on_side_of_class(self._context.tokenizer)
        batch = tokenizer.pad(dict(self._tokenize(fields)), return_tensors="pt")
        logits = model(**batch.to(model.device)).logits.float().cpu().numpy()
        if self._config.problem == "regression":
            return [{"value": float(value)} for value in logits.reshape(-1)]
        assert self._labels is not None
        names = self._labels.names
        if self._config.problem == "multi-label":
            scores = self._set_scores(logits)
            return [
                {
                    "labels": _named(names, row >= self._thresholds),
                    "scores": dict(_pairs(names, row)),
                }
                for row in scores
            ]
        logs = self._log_scores(logits)
        return [
            {
                "label": names[best],
                "score": float(row[best]),
                "scores": dict(_pairs(names, row)),
            }
            for best, row in zip(self._best(logs), np.exp(logs), strict=True)
        ]

    def show(self, result: Mapping[str, Any]) -> str:
        """The label or labels, and the five best with their scores."""
        if "value" in result:
            return str(result["value"])
        given = result["label"] if "label" in result else ", ".join(result["labels"]) or "(none)"
        best = sorted(result["scores"].items(), key=lambda item: -item[1])[:5]
        return f"{given}  (" + ", ".join(f"{name} {score:.3f}" for name, score in best) + ")"

    @property
    def _temperature(self) -> float:
        return 1.0 if self.calibration is None else self.calibration.temperature

    @property
    def _thresholds(self) -> np.ndarray | float:
        """That of each label, or of all, where a text has several."""
        if self.calibration is None:
            return self._config.threshold
        assert self._labels is not None
        own = self.calibration.thresholds
        return np.array([own.get(name, self._config.threshold) for name in self._labels.names])

    def _log_scores(self, logits: np.ndarray) -> np.ndarray:
        logs: np.ndarray = log_softmax(logits / self._temperature, axis=-1)
        return logs

    def _set_scores(self, logits: np.ndarray) -> np.ndarray:
        scores: np.ndarray = expit(logits / self._temperature)
        return scores

    def _best(self, logs: np.ndarray) -> np.ndarray:
        """The label of each row: the one with the best score, or, of two, the one with a threshold
        if its score is as large."""
        thresholds = {} if self.calibration is None else self.calibration.thresholds
        if len(thresholds) == 1 and logs.shape[-1] == 2:
            assert self._labels is not None
            [(name, threshold)] = thresholds.items()
            at = self._labels.names.index(name)
            return np.where(np.exp(logs[:, at]) >= threshold, at, 1 - at)
        best: np.ndarray = logs.argmax(axis=-1)
        return best

    def _tokenize(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        texts = checked_texts(fields["text"], "text")
        pairs = checked_texts(fields["text_pair"], "text_pair") if "text_pair" in fields else None
        tokenizer = self._context.tokenizer
        return tokenize(tokenizer, texts, pairs, max_length=self._context.max_length)

    def _learn(
        self, fields: datasets.Dataset | datasets.IterableDataset, column: LabelColumn
    ) -> None:
        if self._config.problem == "multi-label":
            values = _values(fields)
            self._sets = learn_label_sets(values, column, self._config.separator)
            self._labels = self._sets.labels
            return
        counts = _counts(fields)
        if "list" in counts.kinds:
            raise _list_of_labels()
        self._labels = learn_labels(counts, column)

    def _note_numbers(self, fields: datasets.Dataset | datasets.IterableDataset) -> None:
        """Say what a regression learns. A value that is no number is refused when it is encoded."""
        if not isinstance(fields, datasets.Dataset):
            return
        try:
            numbers = [_as_number(value) for value in fields["label"]]
        except RunError:
            return
        if numbers:
            self._context.note(
                f"the labels are numbers from {min(numbers):g} to {max(numbers):g}, "
                f"{sum(numbers) / len(numbers):.4g} in the mean ({len(numbers):,} rows)"
            )

    def _encode_label(self, value: Any) -> int | float | list[float]:
        if self._config.problem == "regression":
            return _as_number(value)
        assert self._labels is not None
        if self._sets is not None:
            given = self._sets.ids_of(value)
            return [float(index in given) for index in range(len(self._labels.names))]
        if isinstance(value, list):
            raise _list_of_labels()
        try:
            return self._labels.id_of(value)
        except RunError as error:
            if error.slug != "unseen-label" or not self.accepts_unknown_answers:
                raise
            return IGNORED_LABEL


def _values(fields: datasets.Dataset | datasets.IterableDataset) -> Iterable[Any]:
    """The labels of all rows, or of the first rows of a stream."""
    if isinstance(fields, datasets.Dataset):
        return cast(Iterable[Any], fields["label"])
    return (row["label"] for row in fields.take(_SAMPLE))


def _counts(fields: datasets.Dataset | datasets.IterableDataset) -> LabelCounts:
    if not isinstance(fields, datasets.Dataset) or not _is_plain(fields.features["label"]):
        return LabelCounts(_values(fields))
    counts = LabelCounts()
    for table in fields.select_columns(["label"]).with_format("arrow").iter(_BATCH):
        counts.add_column(table.column("label"))
    return counts


def _is_plain(feature: Any) -> bool:
    """Whether Arrow can count the values of a feature."""
    return isinstance(feature, (datasets.Value, datasets.ClassLabel))


def _list_of_labels() -> RunError:
    return RunError(
        "a row has a list of labels",
        slug="label-type",
        at=_LABEL,
        helps=('write "problem: multi-label" in the task section',),
    )


def _as_number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise RunError(
            f'a regression label must be a number, found "{value}"', slug="label-type", at=_LABEL
        )
    return number


def _pairs(names: Iterable[str], scores: Any) -> Iterable[tuple[str, float]]:
    return ((name, float(score)) for name, score in zip(names, scores, strict=True))


def _named(names: Sequence[str], is_given: Any) -> list[str]:
    return [name for name, given in zip(names, is_given, strict=True) if given]
