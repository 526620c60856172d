"""Messages to text with a chat template, in the sandbox of transformers.

A template is code from its author. The sandbox gives it access only to the messages and the names
of the special tokens. This module limits the size of a template and of its output.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from transformers import PreTrainedTokenizerBase

from ftspec.api import RunError, SpecPath, in_one_line
from ftspec_preference.config import LARGEST_TEMPLATE, ConversationConfig
from ftspec_preference.messages import ASSISTANT, Conversation

LARGEST_TEXT = 16 * 1024 * 1024
"""Maximum number of characters of one conversation."""

_GENERATION = re.compile(r"\{%-?\s*generation\s*-?%\}")

# exceptions that the code of a template may raise
_FAILURES = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    RecursionError,
)

Spans = list[tuple[int, int]]


def install(tokenizer: PreTrainedTokenizerBase, config: ConversationConfig, at: SpecPath) -> None:
    """Set the template of the spec in the tokenizer, which saves it.

    Raises:
        RunError: the file of the template cannot be read or is too large.
    """
    template = config.chat_template
    if config.chat_template_file is not None:
        path = Path(config.chat_template_file)
        try:
            with path.open("rb") as stream:
                template = stream.read(LARGEST_TEMPLATE + 1).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(
                f'cannot read the chat template "{path}": {error}',
                slug="preference/template-file",
                at=(*at, "chat_template_file"),
            ) from None
    if template is not None:
        tokenizer.chat_template = template


def common_length(left: Sequence[Any], right: Sequence[Any]) -> int:
    """The length of the common start of two texts or lists."""
    pairs = enumerate(zip(left, right, strict=False))
    shortest = min(len(left), len(right))
    return next((place for place, (one, other) in pairs if one != other), shortest)


class ChatTemplate:
    """The chat template of a tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, at: SpecPath) -> None:
        self._tokenizer = tokenizer
        self._at = at
        template = tokenizer.chat_template
        if isinstance(template, dict):  # one for each purpose
            template = template.get("default")
        if template is None:
            raise RunError(
                "the checkpoint has no chat template",
                slug="preference/no-template",
                at=at,
                helps=(
                    'write "chat_template" or "chat_template_file" in the task section',
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

    def render(self, conversation: Conversation, *, asks: bool = False) -> str:
        """The conversation as text. With ``asks``, the text ends where the answer starts.

        Raises:
            RunError: the template fails, is not allowed to do something, or writes too much.
        """
        text: str = self._apply(conversation, tokenize=False, add_generation_prompt=asks)
        if len(text) > LARGEST_TEXT:
            raise RunError(
                f"the chat template makes {len(text):,} characters of one conversation",
                slug="preference/template-size",
                at=self._at,
            )
        return text

    def encode(self, conversations: Sequence[Conversation]) -> list[tuple[list[int], list[bool]]]:
        """The tokens of each conversation, not truncated, and which of them are the assistant's.

        A template may mark its answers with ``{% generation %}``. Otherwise an answer is the
        difference between the conversation including it and the conversation before it, rendered
        with the generation prompt.
        """
        if self._marks_answers:
            return [self._encode_marked(one) for one in conversations]
        if not conversations:
            return []
        written = [self._write(one) for one in conversations]
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

    def _encode_marked(self, conversation: Conversation) -> tuple[list[int], list[bool]]:
        encoded = self._apply(
            conversation, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
        return encoded["input_ids"], [bool(mark) for mark in encoded["assistant_masks"]]

    def _write(self, conversation: Conversation) -> tuple[str, Spans]:
        whole = self.render(conversation)
        spans: Spans = []
        for index, message in enumerate(conversation):
            if message["role"] != ASSISTANT:
                continue
            asked = self.render(conversation[:index], asks=True) if index else ""
            answered = self.render(conversation[: index + 1])
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

    def _apply(self, conversation: Conversation, **options: Any) -> Any:
        try:
            return self._tokenizer.apply_chat_template(conversation, **options)
        except jinja2.exceptions.SecurityError as error:
            raise RunError(
                f"the chat template does something that is not allowed: {error}",
                slug="preference/template-security",
                at=self._at,
                helps=("do not use it",),
            ) from None
        except _FAILURES as error:
            raise RunError(
                f"the chat template fails: {in_one_line(error)}",
                slug="preference/template-fails",
                at=self._at,
                helps=("it may not accept these roles, or this order of messages",),
            ) from error
