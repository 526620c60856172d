"""Conversations: lists of messages with a role and content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftspec.api import RunError

Message = dict[str, Any]
Conversation = list[Message]

ASSISTANT = "assistant"


def conversation_of(value: Any, field: str, role: str = "user") -> Conversation:
    """The messages in a value of the data. A bare text is one message with this ``role``.

    Raises:
        RunError: the value is neither a text nor a list of messages.
    """
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    if isinstance(value, list) and value and all(map(_is_message, value)):
        # a column of structs has every key in every row, with None for missing keys
        return [{key: part for key, part in one.items() if part is not None} for one in value]
    raise RunError(
        f'the field "{field}" must be a text or a list of messages, found {_named(value)}',
        slug="preference/messages",
        at=("preprocess", "template", field),
        helps=('a message is a mapping: {role: "user", content: "…"}',),
    )


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("role"), str)
        and isinstance(value.get("content"), str)
    )


def _named(value: Any) -> str:
    if isinstance(value, list):
        wrong = next((one for one in value if not _is_message(one)), None)
        return "an empty list" if not value else f'a list with "{str(wrong)[:80]}"'
    return "nothing" if value is None else f'"{str(value)[:80]}"'


def with_system(conversation: Conversation, system: str | None) -> Conversation:
    """The conversation with this system message, unless it already has one."""
    if system is None or conversation[0]["role"] == "system":
        return conversation
    return [{"role": "system", "content": system}, *conversation]


def without_answer(conversation: Conversation) -> Conversation:
    """The conversation up to the last message that is not the assistant's."""
    last = len(conversation)
    while last > 1 and conversation[last - 1]["role"] == ASSISTANT:
        last -= 1
    return conversation[:last]


def after(conversation: Conversation, prompt: Conversation) -> Conversation:
    """The messages after ``prompt``, which many datasets repeat in each answer."""
    start = conversation[: len(prompt)]
    return conversation[len(prompt) :] if start == prompt else conversation
