"""The variant of a chat template for training, from trl, where the template itself changes earlier
answers when other messages follow. Qwen3's template does: it removes their thoughts."""

from __future__ import annotations

from collections.abc import Callable

from transformers import PreTrainedTokenizerBase

from ftspec.api import SpecPath
from ftspec_preference.chat_template import TEMPLATE_FAILURES, ChatTemplate
from ftspec_preference.messages import Conversation

_CALL = {"type": "function", "function": {"name": "probe", "arguments": {"key": "value"}}}


def _talk(*messages: tuple[str, str]) -> Conversation:
    return [{"role": role, "content": content} for role, content in messages]


_PROBES: tuple[Conversation, ...] = (
    _talk(("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")),
    _talk(("user", "a"), ("assistant", "<think>\nb\n</think>\n\nc"), ("user", "d")),
    [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "", "tool_calls": [_CALL]},
        {"role": "tool", "name": "probe", "content": "b"},
        {"role": "assistant", "content": "c"},
    ],
)
"""Conversations that templates are known to change: their answers, thoughts and calls."""


def template_for_training(
    tokenizer: PreTrainedTokenizerBase,
    template: ChatTemplate,
    at: SpecPath,
    note: Callable[[str], None],
) -> ChatTemplate:
    """The template that marks answers: trl's variant where the template itself cannot tell them
    and trl has one. The tokenizer keeps its own template."""
    if template.marks_answers or all(map(template.keeps, _PROBES)):
        return template
    text = _variant_of(tokenizer)
    if text is None:
        return template  # rows that it changes are refused
    note(
        "the chat template changes earlier answers when other messages follow, so training uses "
        "trl's variant of it, which does not; the model is saved with the original"
    )
    return ChatTemplate(tokenizer, at, text)


def _variant_of(tokenizer: PreTrainedTokenizerBase) -> str | None:
    try:
        # importing trl takes seconds, and few templates need it
        from trl.chat_template_utils import get_training_chat_template
    except ImportError:
        return None
    try:
        return get_training_chat_template(tokenizer)
    except TEMPLATE_FAILURES:  # trl does not know the template
        return None
