"""A chat template ends with an error, whatever it does: it takes neither the memory of the machine
nor forever."""

from __future__ import annotations

import resource
import signal
import time

import ftspec_preference.bounds
import pytest
from conversations import letters
from ftspec_preference.bounds import ExcessError, bounded
from ftspec_preference.chat_template import ChatTemplate
from transformers import PreTrainedTokenizerFast

from ftspec.api import RunError

AT = ("task", "chat_template")
TALK = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
LARGE = f"({'x'!r} * 10 ** 7)"
DOUBLED = "{% set n = namespace(x='x' * 1000) %}{% for i in range(99999) %}"

TAKES_MEMORY = {
    "text": "{{ 'x' * 10 ** 10 }}",
    "reversed": "{{ 10 ** 10 * 'x' }}",
    "list": "{% set a = [0] * 10 ** 10 %}",
    "concatenation": DOUBLED + "{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
    "sum": DOUBLED + "{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}",
    "captured": DOUBLED + "{% set y %}{{ n.x }}{{ n.x }}{% endset %}{% set n.x = y %}{% endfor %}",
    "percent": "{{ '%9999999999d' % 1 }}",
    "percent with a star": "{{ '%*d' % (2147483647, 1) }}",
    "filter format": "{{ '%9999999999d'|format(1) }}",
    "method format": "{{ '{:>9999999999}'.format(1) }}",
    "format map": "{{ '{a:>9999999999}'.format_map({'a': 1}) }}",
    "replace": f"{{{{ {LARGE}|replace('x', 'y' * 10 ** 7) }}}}",
    "method replace": f"{{{{ {LARGE}.replace('x', 'y' * 10 ** 7) }}}}",
    "join": "{{ range(99999)|join('x' * 10 ** 7) }}",
    "method join": "{{ ('x' * 10 ** 7).join(['a'] * 99999) }}",
    "justify": "{{ 'x'.ljust(10 ** 10) }}",
    "fill": "{{ 'x'.zfill(10 ** 10) }}",
    "center": "{{ 'x'|center(10 ** 10) }}",
    "tabs": "{{ '\\t'.expandtabs(2 ** 31 - 1) }}",
    "indent": "{{ 'x\\ny'|indent(10 ** 10) }}",
    "JSON": "{{ [1]|tojson(indent=10 ** 10) }}",
    "batch": "{{ [1]|batch(10 ** 10, 0)|list }}",
    "slices": "{{ [1]|slice(10 ** 10)|list }}",
    "translate": "{{ ('x' * 10 ** 6).translate({120: 'y' * 10 ** 6}) }}",
    "bytes": "{{ (1).to_bytes(10 ** 10, 'big') }}",
    "nested": "{% set n = namespace(x=[0]) %}{% for i in range(99) %}"
    "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    "large in every turn": "{% for i in range(9999) %}{{ 'x' * 10 ** 7 }}{% endfor %}",
    "marked": "{% generation %}{{ 'x' * 10 ** 10 }}{% endgeneration %}",
}
TAKES_TIME = {
    "loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "macros": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}"
    "{{ f(60) }}",
    "recursive loop": "{% for a in [1, 2] recursive %}{% if loop.depth < 90 %}"
    "{{ loop([1, 2]) }}{% endif %}{% endfor %}",
    "lorem ipsum": "{{ lipsum(n=10 ** 9) }}",
    "slices that are not kept": "{% for x in [1]|slice(10 ** 10) %}{% endfor %}",
    "filter": "{{ range(99999)|map('string')|map('wordwrap', 1)|list * 999 }}"
    "{% for i in range(99999) %}{{ range(99999)|sum }}{% endfor %}",
}
FAILS = {
    "range": "{% for i in range(10 ** 9) %}{% endfor %}",
    "power": "{{ 7 ** (10 ** 9) }}",
    "power of a constant": "{% set a = 10 ** (10 ** 10) %}",
    "product": "{% set n = namespace(x=10 ** 900) %}{% for i in range(99) %}"
    "{% set n.x = n.x * n.x %}{% endfor %}",
    "round": "{{ 1.5|round(10 ** 9, 'ceil') }}",
    "round by name": "{{ [1.5]|map('round', 10 ** 9, 'ceil')|list }}",
    "macro without end": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
}


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return letters()


def failure(tokenizer: PreTrainedTokenizerFast, template: str) -> RunError:
    """What comes of a template on the third line of a text, which may use nothing for long."""
    limits, handler = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGVTALRM)
    chat = ChatTemplate(tokenizer, AT, f"a\nb\n{template}")
    began, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(RunError) as raised:
        chat.encode([TALK])
    assert time.process_time() - began < 20
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
    assert grown * 1024 < 2 * ftspec_preference.bounds.MEMORY
    assert resource.getrlimit(resource.RLIMIT_AS) == limits
    assert signal.getsignal(signal.SIGVTALRM) is handler
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    assert raised.value.at == AT
    assert len(str(raised.value)) < 300
    return raised.value


@pytest.mark.parametrize("template", TAKES_MEMORY.values(), ids=TAKES_MEMORY)
def test_memory(
    template: str, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ftspec_preference.bounds, "MEMORY", 200_000_000)
    monkeypatch.setattr(ftspec_preference.bounds, "SECONDS", 0.5)
    error = failure(tokenizer, template)
    assert error.slug in ("preference/template-size", "preference/template-fails")


@pytest.mark.parametrize("template", TAKES_TIME.values(), ids=TAKES_TIME)
def test_time(
    template: str, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ftspec_preference.bounds, "SECONDS", 0.3)
    error = failure(tokenizer, template)
    assert error.slug == "preference/template-size"
    assert "takes more than 0.3 seconds" in error.headline


@pytest.mark.parametrize("template", FAILS.values(), ids=FAILS)
def test_failure(template: str, tokenizer: PreTrainedTokenizerFast) -> None:
    assert failure(tokenizer, template).slug == "preference/template-fails"


def test_place_is_said(tokenizer: PreTrainedTokenizerFast) -> None:
    for template in ("{{ 'x' * 10 ** 10 }}", "{{ raise_exception('no') }}", "{% if %}"):
        assert "(line 3 of the template)" in failure(tokenizer, template).headline


def test_failure_because_the_time_is_over() -> None:
    """Jinja cannot always find the line that the signal met, and fails with another error."""

    def fail_while_handling() -> None:
        try:
            raise ExcessError("takes more than 5 seconds")
        except ExcessError as error:
            raise TypeError("'<=' not supported between 'int' and 'NoneType'") from error

    with pytest.raises(ExcessError, match="takes more than 5 seconds"), bounded():
        fail_while_handling()


def test_harmless_numbers(tokenizer: PreTrainedTokenizerFast) -> None:
    text = "{{ 3 * 4 }} {{ 'ab' * 2 }} {{ 2 ** 10 }} {{ 2 ** 0.5 > 1 }} {{ 2.5|round(1) }}"
    assert ChatTemplate(tokenizer, AT, text).render(TALK) == "12 abab 1024 True 2.5"
