"""The implementation of the task. Only a run imports this module, and with it torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from transformers import DataCollatorForMultipleChoice

from ftspec.api import RunError, Task, TaskContext, checked_texts
from ftspec_example.config import MultipleChoiceConfig


class MultipleChoice(Task):
    """Scores each pair of the question and a choice. The best one is the answer."""

    def __init__(self, config: MultipleChoiceConfig, context: TaskContext) -> None:
        self._config = config
        self._context = context

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """A pair of texts for each choice of each row."""
        rows = [self._choices(value) for value in fields["choices"]]
        count = self._config.count
        pairs = self._context.tokenizer(
            [text for text in checked_texts(fields["question"], "question") for _ in range(count)],
            [choice for row in rows for choice in row],
            truncation=True,
            max_length=self._context.max_length,
        )
        encoded = {
            name: [values[start : start + count] for start in range(0, len(values), count)]
            for name, values in pairs.items()
        }
        if "answer" in fields:
            encoded["labels"] = [self._answer(value) for value in fields["answer"]]
        return encoded

    def collator(self, model: Any) -> Callable[[list[dict[str, Any]]], Any]:
        """Pad to the longest pair in the batch."""
        return DataCollatorForMultipleChoice(self._context.tokenizer)

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> Any:
        """The best choice of each row. Metrics need nothing else."""
        return (logits[0] if isinstance(logits, tuple) else logits).argmax(dim=-1)

    def predict(self, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The choice of each row, and the probabilities of all choices."""
        fields = {name: [row[name] for row in rows] for name in ("question", "choices")}
        encoded = self.encode(fields)
        pairs = {name: [one for row in values for one in row] for name, values in encoded.items()}
        batch = self._context.tokenizer.pad(pairs, return_tensors="pt").to(model.device)
        shape = (len(rows), self._config.count, -1)
        logits = model(**{name: values.view(shape) for name, values in batch.items()}).logits
        scores = logits.float().softmax(dim=-1).cpu()
        return [
            {"text": self._choices(row["choices"])[int(one.argmax())], "scores": one.tolist()}
            for row, one in zip(rows, scores, strict=True)
        ]

    def _choices(self, value: Any) -> list[str]:
        choices = value.split(self._config.separator) if isinstance(value, str) else value
        if not isinstance(choices, list) or len(choices) != self._config.count:
            raise self._mistake("choices", f"must be {self._config.count} texts", value)
        return checked_texts(choices, "choices")

    def _answer(self, value: Any) -> int:
        if not isinstance(value, int) or not 0 <= value < self._config.count:
            raise self._mistake("answer", f"must be 0 to {self._config.count - 1}", value)
        return value

    def _mistake(self, field: str, wanted: str, value: Any) -> RunError:
        return RunError(
            f'the field "{field}" {wanted}, and a row has "{value}"',
            slug=f"example/{field}",
            at=("preprocess", "template", field),
        )
