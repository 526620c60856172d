"""Chat tuning: supervised fine-tuning on the answers in conversations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase

from ftspec.api import IGNORED_LABEL, TaskContext
from ftspec_preference.answers import ANSWER_LENGTH, ANSWERS, IS_CUT, OPEN_ANSWERS
from ftspec_preference.chat_template import ChatTemplate
from ftspec_preference.config import ChatConfig
from ftspec_preference.conversation import ConversationTask, rows_of
from ftspec_preference.messages import Conversation, without_answer
from ftspec_preference.row_reader import read_talk
from ftspec_preference.training_template import template_for_training


class Chat(ConversationTask):
    """Trains only on the tokens of the assistant."""

    def __init__(self, config: ChatConfig, context: TaskContext) -> None:
        super().__init__(config, context)

    def template_to_train(self, template: ChatTemplate) -> ChatTemplate:
        """A template that shows where answers are."""
        return template_for_training(self._tokenizer, template, self._context.section, self.say)

    def conversations_of(self, row: Mapping[str, Any]) -> list[Conversation]:
        """The conversation of the row."""
        return [read_talk(self.reader, row)]

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Tokens of each conversation, truncated to ``max_length``, and labels."""
        rows = rows_of(fields)
        conversations = [
            self.with_system(one, row) for row in rows for one in self.conversations_of(row)
        ]
        tools = list(map(self.tools_of, rows))
        for conversation, known in zip(conversations, tools, strict=True):
            self.require_tools(conversation, known)
        longest = self._context.max_length
        names = ("input_ids", "labels", ANSWER_LENGTH, IS_CUT, ANSWERS, OPEN_ANSWERS)
        encoded: dict[str, list[Any]] = {name: [] for name in names}
        for ids, is_answer in self.template.encode(conversations, tools):
            pairs = list(zip(ids, is_answer, strict=True))[:longest]
            labels = [token if learned else IGNORED_LABEL for token, learned in pairs]
            encoded["input_ids"].append([token for token, _ in pairs])
            encoded["labels"].append(labels)
            # the first token of a row has no context to be predicted from
            encoded[ANSWER_LENGTH].append(sum(label != IGNORED_LABEL for label in labels[1:]))
            encoded[IS_CUT].append(any(is_answer[longest:]))
            whole, without_end = self.count_answers(ids[:longest], is_answer)
            encoded[ANSWERS].append(whole)
            encoded[OPEN_ANSWERS].append(without_end)
        self.say_remarks()
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
        field = "messages" if "messages" in row else "prompt"
        conversation = self.reader.read(row[field], field, "user")
        return without_answer(conversation) if field == "messages" else conversation


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
