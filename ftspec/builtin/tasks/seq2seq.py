"""Summarization and translation: text to text with an encoder-decoder model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import datasets
import numpy as np
import torch
from torch import nn
from transformers import (
    DataCollatorForSeq2Seq,
    EvalPrediction,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
)

from ftspec.api import IGNORED_LABEL, Task, TaskContext, checked_texts
from ftspec.builtin.languages import require_languages, start_targets
from ftspec.builtin.tasks.config import Seq2SeqConfig
from ftspec.builtin.tasks.tokenizing import padding_on_right, tokenize


class Seq2Seq(Task):
    """An encoder reads the source, and a decoder generates the target."""

    trainer_class = Seq2SeqTrainer
    arguments_class = Seq2SeqTrainingArguments
    length_columns = ("input_ids", "labels")
    generates = True

    def __init__(self, config: Seq2SeqConfig, context: TaskContext) -> None:
        self._config = config
        self._context = context
        require_languages(context.tokenizer)

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Tokens of the source and, as labels, of the target, truncated to the maximum lengths."""
        tokenizer = self._context.tokenizer
        encoded = tokenize(
            tokenizer,
            checked_texts(fields["source"], "source"),
            max_length=self._context.max_length,
        )
        if "target" in fields:
            targets = self._tokenize_targets(checked_texts(fields["target"], "target"))
            encoded["labels"] = targets["input_ids"]
        return encoded

    def wrap(self, model: Any) -> nn.Module:
        """The model, whose generation settings are those of evaluation: other programs generate
        with the settings that are saved with it."""
        settings = model.generation_config
        # the length includes the decoder's start token
        settings.max_length = self._context.max_target_length + 1
        settings.max_new_tokens = None
        settings.num_beams = self._config.num_beams
        start_targets(settings, self._context.tokenizer)
        if self._config.num_beams == 1:  # without beams these have no effect, and are not saved
            settings.early_stopping, settings.length_penalty = False, 1.0
        wrapped: nn.Module = model
        return wrapped

    def collator(self, model: PreTrainedModel) -> Callable[[list[dict[str, Any]]], Any]:
        """Pad sources and targets to the longest in the batch, targets with the ignored label.
        Padding is on the right, because a decoder reads targets without a mask."""
        return _SourcesAndTargets(self._context.tokenizer, model)

    def arguments(self) -> Mapping[str, Any]:
        """Generation during evaluation. The length includes the decoder's start token."""
        return {
            "predict_with_generate": self._config.predict_with_generate,
            "generation_max_length": self._context.max_target_length + 1,
            "generation_num_beams": self._config.num_beams,
        }

    def count_loss_items(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The target tokens of the batch."""
        return batch["labels"].ne(IGNORED_LABEL).sum()

    def learned_tokens(self, row: Mapping[str, Any]) -> dict[str, list[bool]]:
        """Every target token."""
        return {
            "input_ids": [False] * len(row["input_ids"]),
            "labels": [label != IGNORED_LABEL for label in row["labels"]],
        }

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> Any:
        """The generated ids, unchanged."""
        return logits

    def decode(
        self, outputs: EvalPrediction, rows: datasets.Dataset | datasets.IterableDataset
    ) -> tuple[Any, Any]:
        """Texts of the generated ids and of the labels."""
        return self._decode_ids(outputs.predictions), self._decode_ids(outputs.label_ids)

    def describe(
        self,
        outputs: EvalPrediction,
        rows: datasets.Dataset | datasets.IterableDataset,
        fields: datasets.Dataset,
    ) -> Mapping[str, Sequence[Any]]:
        """The texts, and of each what is measured: exact match, ROUGE-L, chrF and lengths."""
        from ftspec.builtin.metrics.text_rows import text_row_values  # only evaluations need it

        predictions, references = self.decode(outputs, rows)
        measured = text_row_values(predictions, references)
        return {"reference": references, "prediction": predictions, **measured}

    def predict(
        self, model: PreTrainedModel, rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """The generated text for each source."""
        sources = {"source": [row["source"] for row in rows]}
        tokenizer = padding_on_right(self._context.tokenizer)
        batch = tokenizer.pad(dict(self.encode(sources)), return_tensors="pt")
        ids = cast(Any, model).generate(
            **batch.to(model.device),
            **{
                "max_new_tokens": self._context.max_target_length,
                "num_beams": self._config.num_beams,
                **self.generation,
            },
        )
        return [{"text": text} for text in self._decode_ids(ids.cpu().numpy())]

    def _tokenize_targets(self, texts: list[str]) -> Mapping[str, list[Any]]:
        tokenizer, longest = self._context.tokenizer, self._context.max_target_length
        if hasattr(tokenizer, "_switch_to_target_mode"):  # other languages start differently
            return dict(tokenizer(text_target=texts, truncation=True, max_length=longest))
        return tokenize(tokenizer, texts, max_length=longest, ids_only=True)

    def _decode_ids(self, ids: Any) -> list[str]:
        """Texts without special tokens. Batches are padded with the ignored label, which a
        tokenizer cannot decode, and a model may have more ids than its tokenizer."""
        tokenizer = self._context.tokenizer
        ids = np.asarray(ids)
        known = (ids >= 0) & (ids < len(tokenizer))
        ids = np.where(known, ids, tokenizer.pad_token_id)
        texts = tokenizer.batch_decode(ids, skip_special_tokens=True)
        return [text.strip() for text in texts]


class _SourcesAndTargets:
    """Pads sources and targets, and adds what the decoder reads: the targets, shifted."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, model: Any) -> None:
        self._pad = DataCollatorForSeq2Seq(
            padding_on_right(tokenizer), label_pad_token_id=IGNORED_LABEL
        )
        self._shift = getattr(model, "prepare_decoder_input_ids_from_labels", None)

    def __call__(self, rows: list[dict[str, Any]]) -> Any:
        batch = self._pad(rows)
        if self._shift is not None:
            # some models replace the ignored labels in the tensor that they get
            batch["decoder_input_ids"] = self._shift(labels=batch["labels"].clone())
        return batch

    @property
    def pad_to_multiple_of(self) -> int | None:
        """What the widths of sources and targets are multiples of."""
        multiple: int | None = self._pad.pad_to_multiple_of
        return multiple

    @pad_to_multiple_of.setter
    def pad_to_multiple_of(self, multiple: int | None) -> None:
        self._pad.pad_to_multiple_of = multiple
