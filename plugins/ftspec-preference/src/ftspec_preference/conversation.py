"""The base of tasks over conversations: the template, rows that fit, and generation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import datasets
import numpy as np
from transformers import PretrainedConfig, PreTrainedModel

from ftspec.api import RunError, Task, TaskContext
from ftspec_preference.chat_template import ChatTemplate, install
from ftspec_preference.config import ConversationConfig
from ftspec_preference.messages import Conversation, with_system

Rows: TypeAlias = datasets.Dataset | datasets.IterableDataset

ANSWER_LENGTH = "answer_length"
"""Column: the number of answer tokens in the row."""

IS_CUT = "is_cut"
"""Column: whether the answer is truncated to fit ``max_length``."""


class ConversationTask(Task):
    """Conversations with a chat template, and answers to them."""

    def __init__(self, config: ConversationConfig, context: TaskContext) -> None:
        self._conversation = config
        self._context = context
        self._tokenizer = context.tokenizer
        self._template: ChatTemplate | None = None

    def fit(self, fields: Rows, features: datasets.Features | None) -> None:
        """Set the template of the spec. It is saved with the tokenizer."""
        install(self._tokenizer, self._conversation, self._context.section)
        self._template = ChatTemplate(self._tokenizer, self._context.section)

    def restore(self, config: PretrainedConfig) -> None:
        """Use the saved template."""
        self._template = ChatTemplate(self._tokenizer, self._context.section)

    @property
    def template(self) -> ChatTemplate:
        """The chat template."""
        assert self._template is not None
        return self._template

    def pack(self, rows: Rows, split: str) -> Rows:
        """The rows with an answer. Reports rows without one, and truncated answers.

        Raises:
            RunError: no row is left.
        """
        if not isinstance(rows, datasets.Dataset):
            return rows.filter(_has_answer)
        table = rows.select_columns([ANSWER_LENGTH, IS_CUT]).with_format("numpy")[:]
        kept = np.flatnonzero(np.asarray(table[ANSWER_LENGTH]) > 0)
        limit = f'"max_length: {self._context.max_length}"'
        if len(rows) and not len(kept):
            raise RunError(
                f"no row has an answer within {limit}",
                slug="preference/no-answers",
                at=("tokenizer",),
                helps=("write a larger one: it counts prompt and answer together",),
            )
        if len(kept) < len(rows):
            self._context.note(
                f"{split}: {len(rows) - len(kept):,} of {len(rows):,} rows are dropped: they have "
                f"no answer, or none within {limit}"
            )
        cut = int(np.asarray(table[IS_CUT])[kept].sum())
        if cut:
            self._context.note(f"{split}: the answers of {cut:,} rows are truncated to fit {limit}")
        return rows if len(kept) == len(rows) else rows.select(kept)

    def prompt_of(self, row: Mapping[str, Any]) -> Conversation:
        """The conversation to answer, from a row without answers."""
        raise NotImplementedError

    def predict(
        self, model: PreTrainedModel, rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """The assistant's answer to each conversation.

        Raises:
            RunError: a conversation leaves no room for an answer.
        """
        prompts = [self.with_system(self.prompt_of(row)) for row in rows]
        ids = [self.template.ids_of(self.template.render(one, asks=True)) for one in prompts]
        options = self._conversation
        self._check_room(model, max(map(len, ids)), options.max_new_tokens)
        batch = self._tokenizer.pad(
            {"input_ids": ids},
            padding_side="left",  # generation continues on the right
            return_tensors="pt",
        ).to(model.device)
        sampling = {"temperature": options.temperature} if options.do_sample else {}
        generating: Any = model
        generated = generating.generate(
            **batch,
            max_new_tokens=options.max_new_tokens,
            do_sample=options.do_sample,
            eos_token_id=self._ends(model),
            pad_token_id=self._tokenizer.pad_token_id,
            **sampling,
        )
        answers = self._tokenizer.batch_decode(
            generated[:, batch["input_ids"].shape[1] :], skip_special_tokens=True
        )
        return [
            {"prompt": prompt[-1]["content"], "text": answer.strip()}
            for prompt, answer in zip(prompts, answers, strict=True)
        ]

    def with_system(self, conversation: Conversation) -> Conversation:
        """The conversation with the system message of the spec."""
        return with_system(conversation, self._conversation.system)

    def _check_room(self, model: PreTrainedModel, longest: int, count: int) -> None:
        positions = getattr(model.config, "max_position_embeddings", None)
        if positions is not None and longest + count > positions:
            raise RunError(
                f"a conversation has {longest:,} tokens and its answer may have {count:,}, and the "
                f"model has {positions:,} positions",
                slug="preference/no-room",
                at=(*self._context.section, "max_new_tokens"),
                helps=("shorten the conversation",),
            )

    def _ends(self, model: PreTrainedModel) -> list[int]:
        """The tokens that end an answer: those of the tokenizer and of the model."""
        own = getattr(model.generation_config, "eos_token_id", None)
        ends = {self._tokenizer.eos_token_id, *(own if isinstance(own, list) else [own])}
        return sorted(end for end in ends if end is not None)


def _has_answer(row: Mapping[str, Any]) -> bool:
    return bool(row[ANSWER_LENGTH] > 0)
