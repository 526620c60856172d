"""Text generation: a causal language model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

import datasets
import numpy as np
import pyarrow as pa
import torch
from torch.nn import functional
from transformers import EvalPrediction, PreTrainedModel, PreTrainedTokenizerBase

from ftspec.api import IGNORED_LABEL, RunError, Task, TaskContext, checked_texts
from ftspec.builtin.tasks.config import TextGenerationConfig
from ftspec.builtin.tasks.document_losses import losses_by_document, token_losses
from ftspec.builtin.tasks.documents import DocumentsApart, keep_documents_apart
from ftspec.builtin.tasks.tokenizing import padding_on_right, tokenize

_BATCH = 1_000  # rows


class TextGeneration(Task):
    """Predicts the next token at every position."""

    describes_losses = True
    generates = True

    def __init__(self, config: TextGenerationConfig, context: TaskContext) -> None:
        self._config = config
        self._context = context
        self._tokenizer = context.tokenizer
        if self._tokenizer.eos_token_id is None:
            raise RunError(
                "the tokenizer has no end-of-text token, which separates documents",
                slug="no-eos-token",
                at=("tokenizer",),
                helps=("use the tokenizer of a causal language model",),
            )

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Tokens of each document and the end-of-text token, truncated only without packing."""
        texts = checked_texts(fields["text"], "text")
        longest = None if self._config.packing else self._context.max_length - 1
        # with packing, documents may be longer than the model allows
        encoded = tokenize(self._tokenizer, texts, max_length=longest, ids_only=True)
        end = self._tokenizer.eos_token_id
        return {"input_ids": [_ended(ids, end) for ids in encoded["input_ids"]]}

    def pack(self, rows: datasets.Dataset, split: str) -> datasets.Dataset:
        """Join all documents and split them into blocks of ``max_length``; the last may be shorter.

        Raises:
            RunError: the training split is shorter than one block.
        """
        if not self._config.packing:
            return rows
        size = self._context.max_length
        if not isinstance(rows, datasets.Dataset):
            return rows.map(_BlocksOfBatch(size), batched=True)
        chunks = [chunk.flatten() for chunk in rows.with_format("arrow")[:]["input_ids"].chunks]
        count = sum(map(len, chunks))
        if split == "train" and count < size:
            raise RunError(
                f"the training text has {count:,} tokens, less than one block of {size:,}",
                slug="corpus-too-small",
                at=("data",),
                helps=(
                    f'write "tokenizer: {{max_length: {max(2, count // 4)}}}", add text, or '
                    'train on rows: "task: {type: text-generation, packing: false}"',
                ),
            )
        if count < size:
            self._context.note(
                f"the {split} text has {count:,} tokens, less than one block of {size:,}"
            )
        blocks = pa.chunked_array(list(_blocks(chunks, size)), pa.list_(pa.int32()))
        return datasets.Dataset(pa.table({"input_ids": blocks}))

    def collator(self, model: PreTrainedModel) -> Callable[[list[dict[str, Any]]], Any]:
        """Every token is a label. Padding is found by the mask, not by the padding token, which may
        be the end-of-text token that the model must learn.

        Raises:
            RunError: the spec keeps documents apart, and the model cannot do that.
        """
        if self._config.packing and not self._config.cross_document_attention:
            keep_documents_apart(model)
            end, padding = self._tokenizer.eos_token_id, self._tokenizer.pad_token_id
            return DocumentsApart(end, padding)
        return _LabelsAreInputs(self._tokenizer)

    def learned_tokens(self, row: Mapping[str, Any]) -> dict[str, list[bool]]:
        """Every token that follows another one of its document."""
        ids = row["input_ids"]
        is_apart = self._config.packing and not self._config.cross_document_attention
        end = self._tokenizer.eos_token_id if is_apart else None
        return {"input_ids": [False, *(one != end for one in ids[:-1])][: len(ids)]}

    def count_loss_items(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The predicted tokens: all except the first of each row."""
        return batch["labels"][..., 1:].ne(IGNORED_LABEL).sum()

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> Any:
        """The most likely next tokens. Full logits would not fit in memory."""
        return (logits[0] if isinstance(logits, tuple) else logits).argmax(dim=-1)

    def reduce_losses(self, logits: Any, labels: torch.Tensor) -> torch.Tensor:
        """The loss of each token."""
        return token_losses(logits[0] if isinstance(logits, tuple) else logits, labels)

    def describe(
        self,
        outputs: EvalPrediction,
        rows: datasets.Dataset | datasets.IterableDataset,
        fields: datasets.Dataset,
    ) -> Mapping[str, Sequence[Any]]:
        """The predicted tokens of each document, their mean loss and its perplexity. A document may
        be in several blocks, and a block may have several documents. The first token of a block has
        no loss."""
        documents = (
            ids
            for start in range(0, len(fields), _BATCH)
            for ids in self.encode(fields[start : start + _BATCH])["input_ids"]
        )
        found = losses_by_document(
            (row["input_ids"] for row in rows.select_columns(["input_ids"])),
            documents,
            lambda ids: self.learned_tokens({"input_ids": ids})["input_ids"],
            np.asarray(outputs.predictions),
            np.asarray(outputs.label_ids),
        )
        return found or {}

    def decode(
        self, outputs: EvalPrediction, rows: datasets.Dataset | datasets.IterableDataset
    ) -> tuple[Any, Any]:
        """The predicted ids and the actual ids."""
        return np.asarray(outputs.predictions)[..., :-1], np.asarray(outputs.label_ids)[..., 1:]

    def predict(
        self, model: PreTrainedModel, rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """The continuation of each prompt."""
        prompts = [row["text"] for row in rows]
        longest, count = self._room(model)
        encoded = self._tokenizer(
            prompts, return_attention_mask=False, return_token_type_ids=False, verbose=False
        )
        end = self._tokenizer.eos_token_id
        # truncate here: most tokenizers truncate on the right, whatever their settings
        ids = [_open(prompt, end)[-longest:] for prompt in encoded["input_ids"]]
        batch = self._tokenizer.pad(
            {"input_ids": ids},
            padding_side="left",  # generation continues on the right
            return_tensors="pt",
        ).to(model.device)
        is_sampled = self.generation.get("do_sample", self._config.do_sample)
        options = {"temperature": self._config.temperature} if is_sampled else {}
        if getattr(model.config, "output_router_logits", False):
            options["output_router_logits"] = False  # the loss of routers is for training alone
        generated = cast(Any, model).generate(
            **batch,
            pad_token_id=self._tokenizer.pad_token_id,
            **{
                "do_sample": self._config.do_sample,
                **options,
                **self.generation,
                "max_new_tokens": count,
            },
        )
        new = generated[:, batch["input_ids"].shape[1] :]
        texts = self._tokenizer.batch_decode(new, skip_special_tokens=True)
        return [
            {"prompt": prompt, "text": text} for prompt, text in zip(prompts, texts, strict=True)
        ]

    def _room(self, model: PreTrainedModel) -> tuple[int, int]:
        """The most tokens of a prompt and of its continuation, within the model's positions."""
        longest = self._context.max_length
        count = self.generation.get("max_new_tokens") or self._config.max_new_tokens
        positions = getattr(model.config, "max_position_embeddings", None)
        if not isinstance(positions, int) or positions < 2:  # XLNet has -1 for no limit
            return longest, count
        count = min(count, positions - 1)
        return min(longest, positions - count), count


def _blocks(chunks: Iterable[pa.Array], size: int) -> Iterator[pa.ListArray]:
    """All tokens in sequence, split into blocks. Only blocks that span two chunks are copied, so
    that a corpus can be larger than memory."""
    rest, is_first = pa.array([], pa.int32()), True
    for chunk in chunks:
        chunk = chunk.cast(pa.int32())
        if len(rest):
            missing = size - len(rest)
            rest = pa.concat_arrays([rest, chunk[:missing]])
            chunk = chunk[missing:]
            if len(rest) < size:
                continue
            yield _as_blocks(rest, size)
            is_first = False
        whole = len(chunk) // size * size
        if whole:
            yield _as_blocks(chunk[:whole], size)
            is_first = False
        rest = chunk[whole:]
    if len(rest) > 1 or (is_first and len(rest)):  # a single token has no next token
        yield _as_blocks(rest, size)


def _as_blocks(tokens: pa.Array, size: int) -> pa.ListArray:
    offsets = [*range(0, len(tokens), size), len(tokens)]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), tokens)


class _LabelsAreInputs:
    """Pads on the right, and adds labels: every token that follows another token of the text."""

    pad_to_multiple_of: int | None = None

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = padding_on_right(tokenizer)

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        batch = self._tokenizer.pad(
            {"input_ids": [row["input_ids"] for row in rows]},
            pad_to_multiple_of=self.pad_to_multiple_of,
            return_attention_mask=True,
            return_tensors="pt",
        )
        batch["labels"] = _labels_of(batch["input_ids"], batch["attention_mask"])
        if "attention_mask" not in self._tokenizer.model_input_names:
            del batch["attention_mask"]
        return batch


def _labels_of(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The tokens of the text, by the mask. Some tokenizers pad on the left despite their setting;
    the first token after padding must not be a label."""
    is_text = mask.bool()
    follows_padding = functional.pad(~is_text, (1, -1))
    return ids.masked_fill(~is_text | follows_padding, IGNORED_LABEL)


class _BlocksOfBatch:
    """Splits the documents of a streamed batch into blocks. The rest is a shorter block."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __call__(self, batch: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
        tokens = [token for ids in batch["input_ids"] for token in ids]
        edges = [*range(0, len(tokens), self._size), len(tokens)]
        return {"input_ids": list(_slices(tokens, edges))}


def _slices(tokens: list[int], edges: list[int]) -> Iterator[list[int]]:
    for start, end in pairwise(edges):
        if end - start > 1:
            yield tokens[start:end]


def _ended(ids: list[int], end: int) -> list[int]:
    return ids if ids and ids[-1] == end else [*ids, end]


def _open(ids: list[int], end: int) -> list[int]:
    """A prompt to continue: without the end token that some tokenizers add. An empty prompt becomes
    an end token, after which a new text starts."""
    return ids[:-1] if len(ids) > 1 and ids[-1] == end else ids or [end]
