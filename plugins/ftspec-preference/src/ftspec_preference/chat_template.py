"""Messages to text with a chat template, in the sandbox of transformers.

A template is code from its author. The sandbox gives it access only to the messages and the names
of the special tokens. This module limits the size of a template and of its output, and
``bounds`` what it takes on the way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import repeat
from typing import Any

import jinja2
from transformers import PreTrainedTokenizerBase
from transformers.utils.chat_template_utils import render_jinja_template

from ftspec.api import RunError, SpecPath, in_one_line
from ftspec_preference.bounds import ExcessError, bounded, place_of
from ftspec_preference.config import LARGEST_TEMPLATE
from ftspec_preference.messages import ASSISTANT, LEARNED, Conversation

LARGEST_TEXT = 16 * 1024 * 1024
"""Maximum number of characters of one conversation."""

_GENERATION = re.compile(r"\{%-?\s*generation\s*-?%\}")


TEMPLATE_FAILURES = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    RecursionError,
)
"""Exceptions that the code of a template may raise."""

_PROBE = "probe_of_a_call"

Spans = list[tuple[int, int]]
Tools = list[dict[str, Any]]


def runs_of(marks: Sequence[bool]) -> Spans:
    """Where the marks are set: the start and the end of each sequence of them."""
    edges = [place for place, mark in enumerate(marks) if mark != (place > 0 and marks[place - 1])]
    if len(edges) % 2:
        edges.append(len(marks))
    return list(zip(edges[::2], edges[1::2], strict=True))


def common_length(left: Sequence[Any], right: Sequence[Any]) -> int:
    """The length of the common start of two texts or lists."""
    pairs = enumerate(zip(left, right, strict=False))
    shortest = min(len(left), len(right))
    return next((place for place, (one, other) in pairs if one != other), shortest)


class ChatTemplate:
    """The chat template of a tokenizer, or another template in its place.

    Attributes:
        text: the template itself; of a tokenizer with several templates, all of them.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, at: SpecPath, other: str | None = None
    ) -> None:
        self._tokenizer = tokenizer
        self._at = at
        self._other = other
        template = other if other is not None else tokenizer.chat_template
        every = template
        if isinstance(template, dict):  # one for each purpose
            every = "\n".join(template.values())
            template = template.get("default")
        if template is None:
            raise RunError(
                "the checkpoint has no chat template",
                slug="preference/no-template",
                at=at,
                helps=(
                    'write "chat_template", such as "chat_template: chatml", or '
                    '"chat_template_file" in the task section',
                    "or start from a checkpoint that is tuned for chat",
                ),
            )
        if len(template.encode()) > LARGEST_TEMPLATE:
            raise RunError(
                f"the chat template is larger than {LARGEST_TEMPLATE:,} bytes",
                slug="preference/template-size",
                at=at,
            )
        self._marks_answers = _GENERATION.search(template) is not None
        self.text: str = every

    @property
    def marks_answers(self) -> bool:
        """Whether the template itself says which text is the assistant's."""
        return self._marks_answers

    def render(
        self, conversation: Conversation, *, asks: bool = False, tools: Tools | None = None
    ) -> str:
        """The conversation as text. With ``asks``, the text ends where the answer starts.

        Raises:
            RunError: the template fails, is not allowed to do something, or writes too much.
        """
        with self._failures_said():
            text: str = self._tokenizer.apply_chat_template(
                self._prepared(conversation),
                tools=tools,
                chat_template=self._other,
                tokenize=False,
                add_generation_prompt=asks,
            )
        self._require_room(text)
        return text

    def encode(
        self, conversations: Sequence[Conversation], tools: Sequence[Tools | None] | None = None
    ) -> list[tuple[list[int], list[bool]]]:
        """The tokens of each conversation, not truncated, and which of them are to be learned.

        A template may mark its answers with ``{% generation %}``. Otherwise an answer is the
        difference between the conversation including it and the conversation before it, rendered
        with the generation prompt.
        """
        given = list(zip(conversations, tools or repeat(None), strict=False))
        if self._marks_answers:
            return [self._encode_marked(*one) for one in given]
        if not given:
            return []
        written = [self._write(*one) for one in given]
        encoded = self._tokenizer(
            [text for text, _ in written],
            add_special_tokens=False,  # the template adds them
            return_offsets_mapping=True,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        return [
            (ids, [any(start <= first < end for start, end in spans) for first, _ in offsets])
            for ids, offsets, (_, spans) in zip(
                encoded["input_ids"], encoded["offset_mapping"], written, strict=True
            )
        ]

    def ids_of(self, text: str) -> list[int]:
        """The tokens of a rendered conversation."""
        encoded = self._tokenizer(text, add_special_tokens=False, verbose=False)
        ids: list[int] = encoded["input_ids"]
        return ids

    def keeps(self, conversation: Conversation) -> bool:
        """Whether every answer stays as it is when other messages follow. A template that refuses
        the conversation changes nothing."""
        try:
            whole = self.render(conversation)
            return all(
                whole.startswith(self.render(conversation[: index + 1]))
                for index, message in enumerate(conversation)
                if message["role"] == ASSISTANT
            )
        except RunError:
            return True

    def writes(self, conversation: Conversation, place: int, tools: Tools | None) -> bool:
        """Whether the text of a message is in the text of the conversation."""
        message = conversation[place]
        other = {**message, "content": f"{message['content'] or ''} {_PROBE}"}
        changed = [*conversation[:place], other, *conversation[place + 1 :]]
        text = self.render(conversation, tools=tools)
        try:
            return self.render(changed, tools=tools) != text
        except RunError:  # such as a template that parses the text
            return True

    def _encode_marked(
        self, conversation: Conversation, tools: Tools | None
    ) -> tuple[list[int], list[bool]]:
        text, spans = self._render_marked(conversation, tools)
        encoded = self._tokenizer(text, add_special_tokens=False, verbose=False)
        marks = [False] * len(encoded["input_ids"])
        for start, end in spans:
            first, last = encoded.char_to_token(start), encoded.char_to_token(end - 1)
            if first is None:
                break
            stop = last + 1 if last else len(marks)
            marks[first:stop] = [True] * (stop - first)
        kept = [
            message.get(LEARNED, True) for message in conversation if message["role"] == ASSISTANT
        ]
        if not all(kept):
            answers = runs_of(marks)
            if len(answers) != len(kept):
                raise RunError(
                    f"the chat template marks {len(answers)} texts in a conversation with "
                    f"{len(kept)} answers, so it does not say which one is not to be learned",
                    slug="preference/template-marks",
                    at=self._at,
                    helps=("remove such conversations, or use a template that marks each answer",),
                )
            for (start, end), is_learned in zip(answers, kept, strict=True):
                marks[start:end] = [is_learned] * (end - start)
        return encoded["input_ids"], marks

    def _render_marked(self, conversation: Conversation, tools: Tools | None) -> tuple[str, Spans]:
        """The text, and the parts that the template marks. Not with ``apply_chat_template``, which
        makes tokens of it at once: of any text, where memory is bounded."""
        messages = [
            {key: value for key, value in one.items() if value is not None}
            for one in self._prepared(conversation)
        ]
        with self._failures_said():
            [text], [spans] = render_jinja_template(
                conversations=[messages],
                tools=tools,
                chat_template=self._tokenizer.get_chat_template(self._other, tools),
                return_assistant_tokens_mask=True,
                **self._tokenizer.special_tokens_map,
            )
        self._require_room(text)
        return text, spans

    def _require_room(self, text: str) -> None:
        if len(text) > LARGEST_TEXT:
            raise RunError(
                f"the chat template makes {len(text):,} characters of one conversation, and may "
                f"make {LARGEST_TEXT:,}",
                slug="preference/template-size",
                at=self._at,
            )

    def _write(self, conversation: Conversation, tools: Tools | None) -> tuple[str, Spans]:
        whole = self.render(conversation, tools=tools)
        spans: Spans = []
        for index, message in enumerate(conversation):
            if message["role"] != ASSISTANT or not message.get(LEARNED, True):
                continue
            before = conversation[:index]
            asked = self.render(before, asks=True, tools=tools) if index else ""
            answered = self.render(conversation[: index + 1], tools=tools)
            if not whole.startswith(answered):
                raise RunError(
                    "the chat template changes earlier messages when others follow, so the "
                    "answers cannot be found",
                    slug="preference/template-prefix",
                    at=self._at,
                    helps=(
                        "mark them in the template: {% generation %}…{% endgeneration %}",
                        "or train on conversations with one answer, the last message",
                    ),
                )
            spans.append((common_length(asked, answered), len(answered)))
        return whole, spans

    @cached_property
    def _wants_json_arguments(self) -> bool:
        """Whether the template writes the arguments of calls as they are, so that they must be
        texts of JSON. Most templates take mappings."""
        values = [{_PROBE: _PROBE}, json.dumps({_PROBE: _PROBE})]
        texts = []
        for value in values:
            call = {"type": "function", "function": {"name": "probe", "arguments": value}}
            messages = [
                {"role": "user", "content": "probe"},
                {"role": ASSISTANT, "content": "", "tool_calls": [call]},
            ]
            try:
                with bounded():
                    text = self._tokenizer.apply_chat_template(
                        messages, tokenize=False, chat_template=self._other
                    )
                texts.append(text)
            except (*TEMPLATE_FAILURES, ExcessError):
                texts.append("")
        of_mapping, of_json = texts
        return (of_mapping == "" or str(values[0]) in of_mapping) and str(values[1]) in of_json

    def _prepared(self, conversation: Conversation) -> Conversation:
        """The messages as this template takes them."""
        messages = [
            {key: part for key, part in one.items() if key != LEARNED} for one in conversation
        ]
        for message in messages:
            # transformers removes a content of None, which some templates cannot do without
            message["content"] = message["content"] or ""
            if message["role"] == "developer" and "developer" not in self.text:
                message["role"] = "system"
            if "tool_calls" in message and self._wants_json_arguments:
                message["tool_calls"] = [_with_json(call) for call in message["tool_calls"]]
        return messages

    @contextmanager
    def _failures_said(self) -> Iterator[None]:
        """Render inside: bounded, and what goes wrong is an error of the run."""
        try:
            with bounded():
                yield
        except ExcessError as error:
            raise RunError(
                f"the chat template {error}",
                slug="preference/template-size",
                at=self._at,
                helps=("do not use it, or write another with chat_template",),
            ) from None
        except jinja2.exceptions.SecurityError as error:
            raise RunError(
                f"the chat template does something that is not allowed: {error}{place_of(error)}",
                slug="preference/template-security",
                at=self._at,
                helps=("do not use it",),
            ) from None
        except TEMPLATE_FAILURES as error:
            raise RunError(
                f"the chat template fails: {in_one_line(error)}{place_of(error)}",
                slug="preference/template-fails",
                at=self._at,
                helps=("it may not accept these roles, or this order of messages",),
            ) from error


def _with_json(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    arguments = json.dumps(function["arguments"], ensure_ascii=False)
    return {**call, "function": {**function, "arguments": arguments}}
