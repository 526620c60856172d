"""Chat tuning: supervised fine-tuning on the answers in conversations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase

from ftspec.api import IGNORED_LABEL, TaskContext, checked_texts
from ftspec_preference.config import ChatConfig
from ftspec_preference.conversation import ANSWER_LENGTH, IS_CUT, ConversationTask
from ftspec_preference.messages import (
    ASSISTANT,
    Conversation,
    conversation_of,
    without_answer,
)


class Chat(ConversationTask):
    """Trains only on the tokens of the assistant."""

    def __init__(self, config: ChatConfig, context: TaskContext) -> None:
        super().__init__(config, context)

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Tokens of each conversation, truncated to ``max_length``, and labels."""
        conversations = [self.with_system(one) for one in _conversations_of(fields)]
        longest = self._context.max_length
        encoded: dict[str, list[Any]] = {
            name: [] for name in ("input_ids", "labels", ANSWER_LENGTH, IS_CUT)
        }
        for ids, is_answer in self.template.encode(conversations):
            pairs = list(zip(ids, is_answer, strict=True))[:longest]
            labels = [token if learned else IGNORED_LABEL for token, learned in pairs]
            encoded["input_ids"].append([token for token, _ in pairs])
            encoded["labels"].append(labels)
            # the first token of a row has no context to be predicted from
            encoded[ANSWER_LENGTH].append(sum(label != IGNORED_LABEL for label in labels[1:]))
            encoded[IS_CUT].append(any(is_answer[longest:]))
        return encoded

    def collator(self, model: Any) -> Callable[[list[dict[str, Any]]], Any]:
        """Pad to the longest row. Padding has the ignored label."""
        return _Collator(self._tokenizer)

    def count_loss_items(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The number of answer tokens."""
        return batch["labels"][..., 1:].ne(IGNORED_LABEL).sum()

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> Any:
        """The most likely next tokens. Full logits would not fit in memory."""
        return (logits[0] if isinstance(logits, tuple) else logits).argmax(dim=-1)

    def prompt_of(self, row: Mapping[str, Any]) -> Conversation:
        """The messages up to the answer."""
        if "messages" in row:
            return without_answer(conversation_of(row["messages"], "messages"))
        return conversation_of(row["prompt"], "prompt")


def _conversations_of(fields: Mapping[str, list[Any]]) -> list[Conversation]:
    if "messages" in fields:
        return [conversation_of(value, "messages") for value in fields["messages"]]
    prompts = checked_texts(fields["prompt"], "prompt")
    completions = checked_texts(fields["completion"], "completion")
    return [
        [*conversation_of(prompt, "prompt"), *conversation_of(answer, "completion", ASSISTANT)]
        for prompt, answer in zip(prompts, completions, strict=True)
    ]


class _Collator:
    """Pads the inputs of the model. Padding is on the right, whatever the tokenizer's setting,
    because some models count positions from the left, including padding."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        batch = self._tokenizer.pad(
            {"input_ids": [row["input_ids"] for row in rows]},
            padding_side="right",
            return_tensors="pt",
        )
        labels = [torch.tensor(row["labels"]) for row in rows]
        batch["labels"] = pad_sequence(labels, batch_first=True, padding_value=IGNORED_LABEL)
        return batch
