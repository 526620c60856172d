"""Which answers of a conversation are learned, for templates of many kinds."""

from __future__ import annotations

from typing import Any

import pytest
from conversations import MARKED_TEMPLATE, TEMPLATE, letters
from ftspec_preference.chat_template import ChatTemplate
from ftspec_preference.config import ChatConfig
from ftspec_preference.known_templates import KNOWN_TEMPLATES
from ftspec_preference.message_reader import MessageReader
from ftspec_preference.messages import Conversation
from ftspec_preference.template_setting import install
from ftspec_preference.training_template import template_for_training
from transformers import PreTrainedTokenizerFast
from trl.chat_template_utils import deepseekv3_chat_template, qwen3_chat_template

from ftspec.api import RunError

AT = ("task",)
TALK: Conversation = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "A tree?"},
    {"role": "assistant", "content": "An elm."},
    {"role": "user", "content": "A bird?"},
    {"role": "assistant", "content": "A heron."},
]
CALL = {"type": "function", "function": {"name": "tide", "arguments": {"port": "Brest"}}}
TOOLS = [{"type": "function", "function": {"name": "tide", "parameters": {}}}]
CALLING: Conversation = [
    {"role": "user", "content": "How high is the water?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "content": "5.2 m"},
    {"role": "assistant", "content": "5.2 metres"},
]


def template_of(text: str) -> ChatTemplate:
    tokenizer = letters()
    tokenizer.chat_template = text
    return ChatTemplate(tokenizer, AT)


def learned(
    template: ChatTemplate,
    tokenizer: PreTrainedTokenizerFast,
    talk: Conversation,
    tools: list[dict[str, Any]] | None = None,
) -> str:
    ((ids, marks),) = template.encode([talk], [tools])
    return str(tokenizer.decode([one for one, mark in zip(ids, marks, strict=True) if mark]))


@pytest.mark.parametrize("template", [TEMPLATE, MARKED_TEMPLATE])
@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (({"train": False}, {}), "A heron.<|end|>\n"),
        (({}, {"weight": 0}), "An elm.<|end|>\n"),
        (({"weight": 0}, {"train": False}), ""),
    ],
)
def test_marked_answers_are_not_learned(
    template: str, marks: tuple[dict[str, Any], ...], expected: str
) -> None:
    talk = [dict(one) for one in TALK]
    talk[2] |= marks[0]
    talk[4] |= marks[1]
    read = MessageReader().read(talk, "messages")
    assert learned(template_of(template), letters(), read) == expected
    whole, marked = (template_of(template).encode([one])[0][0] for one in (TALK, read))
    assert whole == marked  # the model reads the same


def test_a_template_that_marks_two_answers_as_one() -> None:
    together = (
        "{% generation %}{% for m in messages %}{{ m.content }}{% endfor %}{% endgeneration %}"
    )
    read = MessageReader().read([*TALK[1:4], {**TALK[4], "train": False}], "messages")
    with pytest.raises(RunError, match="marks 1 texts in a conversation with 2 answers") as caught:
        template_of(together).encode([read])
    assert caught.value.slug == "preference/template-marks"


@pytest.mark.parametrize("name", KNOWN_TEMPLATES)
def test_known_templates_mark_answers_that_end(name: str) -> None:
    tokenizer = letters()
    new = install(tokenizer, ChatConfig(chat_template=name), AT)
    assert new == [token for token in KNOWN_TEMPLATES[name].tokens if token != "<|end|>"]
    template = ChatTemplate(tokenizer, AT)
    ((ids, marks),) = template.encode([TALK])
    text = tokenizer.decode([one for one, mark in zip(ids, marks, strict=True) if mark])
    first, second, *rest = text.split(tokenizer.eos_token)
    assert (first.strip(), second.strip()) == ("An elm.", "A heron.")
    assert not "".join(rest).strip()
    whole = template.render(TALK)
    assert whole.count("Be brief.") == whole.count("A tree?") == 1
    assert whole.startswith(template.render(TALK[:4], asks=True).rstrip())
    assert all(len(tokenizer(token)["input_ids"]) == 1 for token in new)


def test_a_variant_of_trl_marks_what_qwen3_changes() -> None:
    tokenizer = letters()
    tokenizer.chat_template = qwen3_chat_template
    own, said = ChatTemplate(tokenizer, AT), []
    with pytest.raises(RunError, match="changes earlier messages when others follow"):
        own.encode([TALK])
    template = template_for_training(tokenizer, own, AT, said.append)
    text = learned(template, tokenizer, TALK)
    assert text.count("An elm.<|im_end|>") == text.count("A heron.<|im_end|>") == 1
    assert "tree" not in text
    assert "trl's variant" in said[0]
    assert tokenizer.chat_template == qwen3_chat_template
    calls = learned(template, tokenizer, CALLING, TOOLS)
    assert '{"name": "tide", "arguments": {"port": "Brest"}}' in calls
    assert "5.2 metres" in calls
    assert "5.2 m<" not in calls


@pytest.mark.parametrize("template", [TEMPLATE, MARKED_TEMPLATE])
def test_other_templates_stay(template: str) -> None:
    own = template_of(template)
    assert template_for_training(letters(), own, AT, print) is own


def test_arguments_of_calls_are_json_once() -> None:
    """Some templates write them as they are, where others write a mapping as JSON."""
    written = '{"port": "Brest"}'
    assert written in template_of(qwen3_chat_template).render(CALLING, tools=TOOLS)
    assert written in template_of(deepseekv3_chat_template).render(CALLING, tools=TOOLS)
    plain = (
        "{% for m in messages %}{{ m.content }}"
        "{% for c in m.tool_calls or [] %}{{ c.function.arguments }}{% endfor %}{% endfor %}"
    )
    assert written in template_of(plain).render(CALLING)


def test_developers_are_the_system_of_templates_that_do_not_know_them() -> None:
    talk = [{"role": "developer", "content": "Be brief."}, *TALK[1:]]
    assert template_of(TEMPLATE).render(talk) == template_of(TEMPLATE).render(TALK)
    knows = "{% for m in messages %}{{ 'D' if m.role == 'developer' }}{% endfor %}"
    assert template_of(knows).render(talk) == "D"
