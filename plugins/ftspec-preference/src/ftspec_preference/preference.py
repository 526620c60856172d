"""Preference tuning by direct preference optimization: better answers become more likely.

R. Rafailov et al., Direct Preference Optimization (2023), https://arxiv.org/abs/2305.18290; the
losses come from trl.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from trl import DPOConfig
from trl.trainer.dpo_trainer import DataCollatorForPreference

from ftspec.api import TaskContext
from ftspec_preference.answers import ANSWER_LENGTH, ANSWERS, IS_CUT, OPEN_ANSWERS
from ftspec_preference.chat_template import Tools, common_length
from ftspec_preference.config import BATCH_LOSS_TYPES, PreferenceConfig
from ftspec_preference.conversation import ConversationTask, rows_of
from ftspec_preference.messages import Conversation
from ftspec_preference.output_layer import settle_output_layer
from ftspec_preference.reference import load_reference, reference_options
from ftspec_preference.row_reader import read_pair, read_question
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

    def conversations_of(self, row: Mapping[str, Any]) -> list[Conversation]:
        """The prompt with each of its answers."""
        prompt, *answers = read_pair(self.reader, row)
        return [[*prompt, *answer] for answer in answers]

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Tokens of each prompt and of both answers. Answers are truncated so that prompt and
        answer together fit ``max_length``."""
        names = (*_COLUMNS, ANSWER_LENGTH, IS_CUT, ANSWERS, OPEN_ANSWERS)
        encoded: dict[str, list[Any]] = {name: [] for name in names}
        for row in rows_of(fields):
            prompt, chosen, rejected = read_pair(self.reader, row)
            asked, tools = self.with_system(prompt, row), self.tools_of(row)
            self.require_tools([*asked, *chosen], tools)
            prompt_ids, *answers = self._tokens_of(asked, chosen, rejected, tools)
            room = max(0, self._context.max_length - len(prompt_ids))
            chosen_ids, rejected_ids = (ids[:room] for ids in answers)
            for name, ids in zip(_COLUMNS, (prompt_ids, chosen_ids, rejected_ids), strict=True):
                encoded[name].append(ids)
            # the first token of a row has no context to be predicted from
            shortest = min(len(chosen_ids), len(rejected_ids)) if prompt_ids else 0
            encoded[ANSWER_LENGTH].append(shortest)
            encoded[IS_CUT].append(any(len(ids) > room for ids in answers))
            whole = [ids for ids in answers if 0 < len(ids) <= room]
            encoded[ANSWERS].append(len(whole))
            encoded[OPEN_ANSWERS].append(sum(map(self.ends.isdisjoint, whole)))
        self.say_remarks()
        return encoded

    def learned_tokens(self, row: Mapping[str, Any]) -> dict[str, list[bool]]:
        """The tokens of both answers."""
        return {name: [name != "prompt_ids"] * len(row[name]) for name in _COLUMNS}

    def _tokens_of(
        self,
        prompt: Conversation,
        chosen: Conversation,
        rejected: Conversation,
        tools: Tools | None,
    ) -> tuple[list[int], list[int], list[int]]:
        """An answer starts where the tokens of prompt and answer first differ from the prompt with
        its generation prompt. This is the rule of trl."""
        template = self.template
        asked = template.ids_of(template.render(prompt, asks=True, tools=tools))
        better = template.ids_of(template.render([*prompt, *chosen], tools=tools))
        worse = template.ids_of(template.render([*prompt, *rejected], tools=tools))
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
        """The reference model.

        Raises:
            RunError: it cannot be loaded, or the model has an adapter that trl leaves out.
        """
        settle_output_layer(model)
        if self._config.reference is None:
            return reference_options(model)
        at = (*self._context.section, "reference")
        return {"ref_model": load_reference(self._config.reference, model, at)}

    def prompt_of(self, row: Mapping[str, Any]) -> Conversation:
        """The messages of the prompt."""
        return read_question(self.reader, row)
