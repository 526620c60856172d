"""Conversations: lists of messages as chat templates take them."""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]
Conversation = list[Message]

ASSISTANT = "assistant"

LEARNED = "ftspec:learned"
"""Key of a message: ``False`` for an answer that is not to be learned. No template sees it."""


def with_system(conversation: Conversation, system: str | None) -> Conversation:
    """The conversation with this system message, unless it already has one."""
    if not system or conversation[0]["role"] == "system":
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


def common_start(one: Conversation, other: Conversation) -> Conversation:
    """The messages that two conversations begin with, without the last message of either."""
    start: Conversation = []
    for left, right in zip(one[:-1], other[:-1], strict=False):
        if left != right:
            break
        start.append(left)
    return start


def calls_tools(conversation: Conversation) -> bool:
    """Whether a message calls a tool."""
    return any("tool_calls" in message for message in conversation)
