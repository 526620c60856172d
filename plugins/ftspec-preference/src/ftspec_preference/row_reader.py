"""From rows to conversations, for training and for lint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ftspec.api import RunError
from ftspec_preference.message_reader import MessageReader
from ftspec_preference.messages import (
    ASSISTANT,
    Conversation,
    after,
    common_start,
    without_answer,
)

ANSWER_FIELDS = ("chosen", "rejected")


class Pair(NamedTuple):
    """A prompt and two answers to it."""

    prompt: Conversation
    chosen: Conversation
    rejected: Conversation


def read_talk(reader: MessageReader, row: Mapping[str, Any]) -> Conversation:
    """The conversation of a row: its messages, or a prompt with its completion.

    Raises:
        RunError: a field is no conversation.
    """
    if "messages" in row:
        return reader.read(row["messages"], "messages")
    prompt = reader.read(row["prompt"], "prompt", "user")
    return [*prompt, *reader.read(row["completion"], "completion", ASSISTANT)]


def read_pair(reader: MessageReader, row: Mapping[str, Any]) -> Pair:
    """The prompt of a row and its two answers. Without a prompt, or with only the last part of it,
    the prompt is what both answers begin with.

    Raises:
        RunError: there is no prompt, or an answer is not one message.
    """
    answers = [reader.read(row[name], name, ASSISTANT) for name in ANSWER_FIELDS]
    prompt = common_start(*answers)
    if not _is_missing(row.get("prompt"), prompt):
        prompt = _joined(reader.read(row["prompt"], "prompt", "user"), prompt)
    if not prompt:
        raise RunError(
            'there is no prompt: the field "prompt" is empty, and "chosen" and "rejected" do not '
            "begin with the same messages",
            slug="preference/messages",
            at=("preprocess", "template"),
            helps=('fill "prompt", or write both answers as messages that begin with it',),
        )
    chosen, rejected = (
        _answer_of(answer, name, prompt)
        for answer, name in zip(answers, ANSWER_FIELDS, strict=True)
    )
    return Pair(prompt, chosen, rejected)


def read_question(reader: MessageReader, row: Mapping[str, Any]) -> Conversation:
    """The prompt of a row to predict, which may have no answers; without one, what the better
    answer begins with.

    Raises:
        RunError: the row has neither.
    """
    begins: Conversation = []
    if row.get("chosen") is not None:
        begins = without_answer(reader.read(row["chosen"], "chosen", "user"))
    if _is_missing(row.get("prompt"), begins):
        return begins or reader.read(None, "prompt", "user")
    return _joined(reader.read(row["prompt"], "prompt", "user"), begins)


def _joined(prompt: Conversation, begins: Conversation) -> Conversation:
    """The prompt, with what comes before it in the answers."""
    return begins if begins[-len(prompt) :] == prompt else prompt


def _is_missing(prompt: Any, begins: Conversation) -> bool:
    """Whether a row has no prompt of its own. An empty text is one if the answers have none."""
    return prompt is None or (prompt == "" and bool(begins))


def _answer_of(messages: Conversation, field: str, prompt: Conversation) -> Conversation:
    answer = after(messages, prompt)
    if len(answer) == 1 and answer[0]["role"] == ASSISTANT:
        return answer
    raise RunError(
        f'the field "{field}" must be one answer of the assistant, found {len(answer)} messages',
        slug="preference/messages",
        at=("preprocess", "template", field),
        helps=("move earlier messages to the prompt",),
    )
