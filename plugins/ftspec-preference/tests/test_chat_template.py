"""Chat templates: which tokens are the assistant's, and what a template may not do."""

from __future__ import annotations

from pathlib import Path

import pytest
from conversations import MARKED_TEMPLATE, TEMPLATE, letters
from ftspec_preference.chat_template import ChatTemplate
from ftspec_preference.config import ChatConfig
from ftspec_preference.template_setting import install
from transformers import PreTrainedTokenizerFast

from ftspec.api import RunError

AT = ("task",)
TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi\nthere"},
    {"role": "assistant", "content": "Hello 世界!"},
    {"role": "user", "content": "Hello 世界!"},
    {"role": "assistant", "content": "Bye"},
]


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    """A token for each character."""
    return letters()


def template_of(tokenizer: PreTrainedTokenizerFast, text: str) -> ChatTemplate:
    install(tokenizer, ChatConfig(chat_template=text), AT)
    return ChatTemplate(tokenizer, AT)


def learned(tokenizer: PreTrainedTokenizerFast, text: str) -> str:
    """The parts of the conversation that are the assistant's."""
    ((ids, marks),) = template_of(tokenizer, text).encode([TALK])
    assert len(ids) == len(marks)
    return tokenizer.decode([token for token, mark in zip(ids, marks, strict=True) if mark])


@pytest.mark.parametrize("template", [TEMPLATE, MARKED_TEMPLATE])
def test_answers_are_told_from_the_rest(template: str, tokenizer: PreTrainedTokenizerFast) -> None:
    assert learned(tokenizer, template) == "Hello 世界!<|end|>\nBye<|end|>\n"


def test_tokens_are_those_of_the_whole_text(tokenizer: PreTrainedTokenizerFast) -> None:
    template = template_of(tokenizer, TEMPLATE)
    ((ids, _),) = template.encode([TALK])
    assert ids == tokenizer.apply_chat_template(TALK)["input_ids"]
    assert ids == template.ids_of(template.render(TALK))


def test_a_template_that_asks_otherwise_than_it_answers(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    """Some templates write an empty thought before an answer."""
    thinking = TEMPLATE.replace("{% endif %}", "<think></think>{% endif %}")
    assert learned(tokenizer, thinking) == "Hello 世界!<|end|>\nBye<|end|>\n"


def test_a_template_that_changes_what_it_wrote(tokenizer: PreTrainedTokenizerFast) -> None:
    last_only = (
        "{% for m in messages %}{{ m.role }}:{% if m.role == 'user' or loop.last %}{{ m.content }}"
        "{% endif %};{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
    )
    with pytest.raises(RunError) as caught:
        template_of(tokenizer, last_only).encode([TALK])
    assert caught.value.slug == "preference/template-prefix"
    template_of(tokenizer, last_only).encode([TALK[:3]])


def test_no_template(tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(RunError, match="the checkpoint has no chat template") as caught:
        ChatTemplate(tokenizer, AT)
    assert caught.value.at == AT
    tokenizer.chat_template = {"tool_use": "x", "default": TEMPLATE}
    assert ChatTemplate(tokenizer, AT).render(TALK[1:2]) == "<|user|>\nHi\nthere\n"


HOSTILE = (
    "{{ cycler.__init__.__globals__.os.system('touch PWNED') }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ messages.__class__.__init__.__globals__ }}",
    "{{ (messages | first).items.__self__.__class__.__base__.__subclasses__() }}",
    "{% set x = messages.append({'role': 'user'}) %}{{ x }}",
    "{{ raise_exception.__globals__['os'].system('touch PWNED') }}",
    "{{ lipsum.__globals__.os.popen('touch PWNED').read() }}",
    "{{ self.__init__.__globals__.__builtins__.open('PWNED', 'w') }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{{ range(10 ** 9) | list | length }}",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_templates_run_no_code(
    hostile: str,
    tokenizer: PreTrainedTokenizerFast,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError) as caught:
        template_of(tokenizer, hostile).render(TALK)
    assert caught.value.slug in ("preference/template-security", "preference/template-fails")
    assert list(tmp_path.iterdir()) == []
    assert len(TALK) == 5


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{% for m in %}", "the chat template fails: "),
        ("{{ raise_exception('roles must alternate') }}", "roles must alternate"),
        ("{{ messages[9].content.strip() }}", "the chat template fails: "),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "recursion"),
    ],
)
def test_a_template_that_fails_is_no_traceback(
    template: str, says: str, tokenizer: PreTrainedTokenizerFast
) -> None:
    with pytest.raises(RunError, match=says):
        template_of(tokenizer, template).render(TALK)


def test_what_a_template_writes_is_limited(tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(RunError, match="characters of one conversation"):
        template_of(tokenizer, "{% for i in range(9999) %}{{ 'x' * 9999 }}{% endfor %}").render(
            TALK
        )
    tokenizer.chat_template = " " * 300_000
    with pytest.raises(RunError, match="larger than 262,144 bytes"):
        ChatTemplate(tokenizer, AT)
