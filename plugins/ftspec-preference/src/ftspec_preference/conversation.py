"""The base of tasks over conversations: the template, rows that fit, and generation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, TypeAlias

import datasets
from transformers import (
    GenerationConfig,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from ftspec.api import RunError, Task, TaskContext
from ftspec_preference.answers import has_answer, keep_answers
from ftspec_preference.chat_template import ChatTemplate, Tools, runs_of
from ftspec_preference.config import ConversationConfig
from ftspec_preference.message_reader import MessageReader, read_system, read_tools
from ftspec_preference.messages import Conversation, calls_tools, with_system
from ftspec_preference.template_setting import install

Rows: TypeAlias = datasets.Dataset | datasets.IterableDataset

_FIRST_ROWS = 100  # enough to say what the data looks like
_OTHER_CALL = {"type": "function", "function": {"name": "another_tool", "arguments": {}}}


class ConversationTask(Task):
    """Conversations with a chat template, and answers to them."""

    def __init__(self, config: ConversationConfig, context: TaskContext) -> None:
        self._conversation = config
        self._context = context
        self._tokenizer = context.tokenizer
        self._template: ChatTemplate | None = None
        self._said: set[str] = set()
        self._ends: frozenset[int] | None = None
        self.reader = MessageReader(config.roles)

    def fit(self, fields: Rows, features: datasets.Features | None) -> None:
        """Set the template of the spec. It is saved with the tokenizer. Say what the first rows
        look like."""
        at = self._context.section
        new = install(self._tokenizer, self._conversation, at)
        if new:
            listed = ", ".join(f'"{token}"' for token in new)
            self.say(f"the tokenizer gets the tokens of the chat template: {listed}")
        self._template = self.template_to_train(ChatTemplate(self._tokenizer, at))
        for number, row in enumerate(islice(fields, _FIRST_ROWS), start=1):
            try:
                for talk in self.conversations_of(row):
                    self._check_roles(talk, self.tools_of(row))
            except RunError as error:
                headline = f"{error.headline} (row {number:,} of the train split)"
                raise RunError(headline, slug=error.slug, at=error.at, helps=error.helps) from error
        shapes = [f'"{name}" has {shape.describe()}' for name, shape in self.reader.shapes.items()]
        if shapes:
            self.say(f"conversations: {'; '.join(shapes)}")
        self.say_remarks()

    def restore(self, config: PretrainedConfig) -> None:
        """Use the saved template."""
        self._template = ChatTemplate(self._tokenizer, self._context.section)

    def template_to_train(self, template: ChatTemplate) -> ChatTemplate:
        """The template that training uses. Prediction always uses that of the tokenizer."""
        return template

    @property
    def template(self) -> ChatTemplate:
        """The chat template."""
        assert self._template is not None
        return self._template

    def say(self, text: str) -> None:
        """Show a note, once."""
        if text not in self._said:
            self._said.add(text)
            self._context.note(text)

    def say_remarks(self) -> None:
        """Say what is not used of the messages so far."""
        for shape in self.reader.shapes.values():
            for remark in shape.remarks(self.template.text):
                self.say(remark)

    def conversations_of(self, row: Mapping[str, Any]) -> list[Conversation]:
        """The conversations in a row with answers.

        Raises:
            RunError: the row has none.
        """
        raise NotImplementedError

    def tools_of(self, row: Mapping[str, Any]) -> Tools | None:
        """The tools of a row.

        Raises:
            RunError: the field is not a list of tools.
        """
        return read_tools(row.get("tools"))

    def require_tools(self, conversation: Conversation, tools: Tools | None) -> None:
        """Require a template that writes the tools of a conversation, and its calls.

        Raises:
            RunError: it writes the same without them.
        """
        if tools and "tools" not in self._said:
            asked = conversation[:1]
            if self.template.render(asked, tools=tools) == self.template.render(asked):
                raise self._no_tools("tools")
            self._said.add("tools")
        if not calls_tools(conversation):
            return
        if not tools:
            self.say('warning: messages call tools, and the field "tools" is empty in their rows')
        if "calls" not in self._said:
            until = next(at for at, one in enumerate(conversation) if "tool_calls" in one) + 1
            other = [
                {**one, "tool_calls": [_OTHER_CALL]} if "tool_calls" in one else one
                for one in conversation[:until]
            ]
            rendered = self.template.render(conversation[:until], tools=tools)
            if rendered == self.template.render(other, tools=tools):
                raise self._no_tools("calls of tools")
            self._said.add("calls")

    def _no_tools(self, what: str) -> RunError:
        return RunError(
            f"the data has {what}, and the chat template does not write them",
            slug="preference/template-tools",
            at=self._context.section,
            helps=(
                "use a template that does, such as that of a checkpoint tuned to call tools",
                'or remove "tools" from the template of the spec, and the calls from the data',
            ),
        )

    def _check_roles(self, conversation: Conversation, tools: Tools | None) -> None:
        """Say which roles the chat template leaves out."""
        for place, message in enumerate(conversation):
            role = message["role"]
            if f"role {role}" in self._said:
                continue
            self._said.add(f"role {role}")
            if not self.template.writes(conversation, place, tools):
                self.say(f'warning: the chat template does not write messages of the role "{role}"')

    def count_answers(self, ids: Sequence[int], learned: Sequence[bool]) -> tuple[int, int]:
        """How many answers a truncated row has whole, by the marks of the whole row, and how many
        of these have no token that ends generation."""
        ends = self.ends
        whole = [ids[start:end] for start, end in runs_of(learned) if end <= len(ids)]
        return len(whole), sum(ends.isdisjoint(answer) for answer in whole)

    @property
    def ends(self) -> frozenset[int]:
        """The tokens that end generation: those of the tokenizer and of the checkpoint."""
        if self._ends is None:
            own = None
            if self._context.checkpoint is not None:
                with suppress(OSError, ValueError):  # the checkpoint has no generation settings
                    own = GenerationConfig.from_pretrained(
                        self._context.checkpoint, revision=self._context.revision
                    ).eos_token_id
            self._ends = _ends_of(self._tokenizer, own)
        return self._ends

    def pack(self, rows: Rows, split: str) -> Rows:
        """The rows with an answer. Reports rows without one, truncated answers, and answers that
        do not end.

        Raises:
            RunError: no row is left.
        """
        if not isinstance(rows, datasets.Dataset):
            return rows.filter(has_answer)
        tokens = map(str, self._tokenizer.convert_ids_to_tokens(sorted(self.ends)))
        ends = ", ".join(f'"{token}"' for token in tokens)
        return keep_answers(rows, split, self._context, ends)

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
        prompts = [self.with_system(self.prompt_of(row), row) for row in rows]
        texts = [
            self.template.render(prompt, asks=True, tools=self.tools_of(row))
            for prompt, row in zip(prompts, rows, strict=True)
        ]
        ids = list(map(self.template.ids_of, texts))
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
            eos_token_id=sorted(
                _ends_of(self._tokenizer, getattr(model.generation_config, "eos_token_id", None))
            ),
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

    def with_system(
        self, conversation: Conversation, row: Mapping[str, Any] | None = None
    ) -> Conversation:
        """The conversation with the system message of its row or of the spec."""
        system = read_system((row or {}).get("system"))
        return with_system(conversation, system or self._conversation.system)

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


def _ends_of(tokenizer: PreTrainedTokenizerBase, own: int | list[int] | None) -> frozenset[int]:
    ends = {tokenizer.eos_token_id, *(own if isinstance(own, list) else [own])}
    return frozenset(end for end in ends if isinstance(end, int))


def rows_of(fields: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """The rows of a batch."""
    return [dict(zip(fields, values, strict=True)) for values in zip(*fields.values(), strict=True)]
