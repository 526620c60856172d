"""What tasks over conversations share: the template, rows that fit, and answering."""

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
"""Column: the tokens of the row that are learned from."""

IS_CUT = "is_cut"
"""Column: whether tokens were left out to fit ``max_length``."""


class ConversationTask(Task):
    """Conversations written by a chat template, and answers to them."""

    def __init__(self, config: ConversationConfig, context: TaskContext) -> None:
        self._conversation = config
        self._context = context
        self._tokenizer = context.tokenizer
        self._template: ChatTemplate | None = None

    def fit(self, fields: Rows, features: datasets.Features | None) -> None:
        """Take up the template of the spec; it is saved with the tokenizer."""
        install(self._tokenizer, self._conversation, self._context.section)
        self._template = ChatTemplate(self._tokenizer, self._context.section)

    def restore(self, config: PretrainedConfig) -> None:
        """Take up the template that was saved."""
        self._template = ChatTemplate(self._tokenizer, self._context.section)

    @property
    def template(self) -> ChatTemplate:
        """The chat template."""
        assert self._template is not None
        return self._template

    def pack(self, rows: Rows, split: str) -> Rows:
        """Rows that have an answer to learn from; how many have none, or not all of it, is said.

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
                helps=("set a larger one: prompt and answer count together",),
            )
        if len(kept) < len(rows):
            self._context.note(
                f"{split}: {len(rows) - len(kept):,} of {len(rows):,} rows are left out: they have "
                f"no answer, or none within {limit}"
            )
        cut = int(np.asarray(table[IS_CUT])[kept].sum())
        if cut:
            self._context.note(
                f"{split}: the answers of {cut:,} rows are cut at their end to fit {limit}"
            )
        return rows if len(kept) == len(rows) else rows.select(kept)

    def prompt_of(self, row: Mapping[str, Any]) -> Conversation:
        """What is to be answered, of a row without answers."""
        raise NotImplementedError

    def predict(
        self, model: PreTrainedModel, rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """For each conversation the assistant's answer.

        Raises:
            RunError: a conversation leaves no room for an answer.
        """
        prompts = [self.with_system(self.prompt_of(row)) for row in rows]
        ids = [self.template.ids_of(self.template.render(one, asks=True)) for one in prompts]
        options = self._conversation
        self._check_room(model, max(map(len, ids)), options.max_new_tokens)
        batch = self._tokenizer.pad(
            {"input_ids": ids},
            padding_side="left",  # generation goes on at the right end
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
        """The tokens that end an answer: the tokenizer's and the model's own."""
        own = getattr(model.generation_config, "eos_token_id", None)
        ends = {self._tokenizer.eos_token_id, *(own if isinstance(own, list) else [own])}
        return sorted(end for end in ends if end is not None)


def _has_answer(row: Mapping[str, Any]) -> bool:
    return bool(row[ANSWER_LENGTH] > 0)
