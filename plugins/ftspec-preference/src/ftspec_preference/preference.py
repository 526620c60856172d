"""Preference tuning by direct preference optimization: better answers become more likely.

R. Rafailov et al., Direct Preference Optimization (2023), https://arxiv.org/abs/2305.18290; the
losses come from trl.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from accelerate.utils import is_peft_model
from transformers import AutoModelForCausalLM, PreTrainedModel
from trl import DPOConfig
from trl.trainer.dpo_trainer import DataCollatorForPreference

from ftspec.api import RunError, TaskContext, in_one_line
from ftspec_preference.chat_template import common_length
from ftspec_preference.config import BATCH_LOSS_TYPES, PreferenceConfig
from ftspec_preference.conversation import ANSWER_LENGTH, IS_CUT, ConversationTask
from ftspec_preference.messages import ASSISTANT, Conversation, after, conversation_of
from ftspec_preference.trainer import PreferenceTrainer, paired

_COLUMNS = ("prompt_ids", "chosen_ids", "rejected_ids")  # trl's names


class Preference(ConversationTask):
    """Trains on pairs of answers to a prompt."""

    trainer_class = PreferenceTrainer
    arguments_class = DPOConfig
    length_columns = _COLUMNS

    def __init__(self, config: PreferenceConfig, context: TaskContext) -> None:
        super().__init__(config, context)
        self._config = config
        self.rows_are_independent = config.loss_type not in BATCH_LOSS_TYPES

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Tokens of each prompt and of both answers. Answers are truncated so that prompt and
        answer together fit ``max_length``."""
        encoded: dict[str, list[Any]] = {name: [] for name in (*_COLUMNS, ANSWER_LENGTH, IS_CUT)}
        rows = zip(fields["prompt"], fields["chosen"], fields["rejected"], strict=True)
        for prompt, chosen, rejected in rows:
            asked = self.with_system(conversation_of(prompt, "prompt"))
            prompt_ids, *answers = self._tokens_of(
                asked,
                _answer_of(chosen, "chosen", conversation_of(prompt, "prompt")),
                _answer_of(rejected, "rejected", conversation_of(prompt, "prompt")),
            )
            room = max(0, self._context.max_length - len(prompt_ids))
            chosen_ids, rejected_ids = (ids[:room] for ids in answers)
            for name, ids in zip(_COLUMNS, (prompt_ids, chosen_ids, rejected_ids), strict=True):
                encoded[name].append(ids)
            # the first token of a row has no context to be predicted from
            shortest = min(len(chosen_ids), len(rejected_ids)) if prompt_ids else 0
            encoded[ANSWER_LENGTH].append(shortest)
            encoded[IS_CUT].append(any(len(ids) > room for ids in answers))
        return encoded

    def _tokens_of(
        self, prompt: Conversation, chosen: Conversation, rejected: Conversation
    ) -> tuple[list[int], list[int], list[int]]:
        """An answer starts where the tokens of prompt and answer first differ from the prompt with
        its generation prompt. This is the rule of trl."""
        template = self.template
        asked = template.ids_of(template.render(prompt, asks=True))
        better = template.ids_of(template.render([*prompt, *chosen]))
        worse = template.ids_of(template.render([*prompt, *rejected]))
        start = min(common_length(asked, other) for other in (better, worse))
        return asked[:start], better[start:], worse[start:]

    def collator(self, model: Any) -> Callable[[list[dict[str, Any]]], Any]:
        """Pad both answers of all rows to the longest: shape (B, 2, tokens), better ones first."""
        pad_token_id = self._tokenizer.pad_token_id
        assert isinstance(pad_token_id, int)
        collate = DataCollatorForPreference(pad_token_id=pad_token_id)

        def collate_pairs(rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
            batch = collate([{name: row[name] for name in _COLUMNS} for row in rows])
            return paired(batch)

        return collate_pairs

    def arguments(self) -> Mapping[str, Any]:
        """The keys of the task, and the defaults of ``TrainingArguments`` where trl has others,
        except for the learning rate."""
        return {
            "beta": self._config.beta,
            "loss_type": [self._config.loss_type.replace("-", "_")],
            "label_smoothing": self._config.label_smoothing,
            "max_length": None,  # rows are already truncated
            "gradient_checkpointing": False,
            "logging_steps": 500,
        }

    def trainer_options(self, model: Any) -> Mapping[str, Any]:
        """The reference model. With an adapter, trl uses the model without the adapter."""
        if self._config.reference is not None:
            return {"ref_model": self._load_reference(self._config.reference, model)}
        if is_peft_model(model):
            return {}
        return {"ref_model": copy.deepcopy(model)}

    def _load_reference(self, checkpoint: str, model: Any) -> PreTrainedModel:
        at = (*self._context.section, "reference")
        try:
            reference: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
                checkpoint, dtype=model.dtype
            )
        except (OSError, ValueError) as error:
            raise RunError(
                f'cannot load the reference "{checkpoint}": {in_one_line(error)}',
                slug="preference/reference",
                at=at,
            ) from error
        ours, theirs = model.config.vocab_size, reference.config.vocab_size
        if ours != theirs:
            raise RunError(
                f"the reference has {theirs:,} tokens and the model {ours:,}",
                slug="preference/reference",
                at=at,
                helps=("both must have the same tokenizer",),
            )
        return reference

    def prompt_of(self, row: Mapping[str, Any]) -> Conversation:
        """The messages of the prompt."""
        return conversation_of(row["prompt"], "prompt")


def _answer_of(value: Any, field: str, prompt: Conversation) -> Conversation:
    answer = after(conversation_of(value, field, ASSISTANT), prompt)
    if len(answer) == 1 and answer[0]["role"] == ASSISTANT:
        return answer
    raise RunError(
        f'the field "{field}" must be one answer of the assistant, found {len(answer)} messages',
        slug="preference/messages",
        at=("preprocess", "template", field),
        helps=("move earlier messages to the prompt",),
    )
