"""Keeps secrets out of what is written: values of the environment, and tokens that stand in clear.

Everything that ftspec prints, logs or keeps goes through :func:`mask`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

SHORTEST_MASKED_PART = 6
"""Characters. A shorter value is masked only where it is the whole text: inside of a text it could
be any word."""

TOKEN_SHAPES = (
    ("a token of Hugging Face", "HF_TOKEN", r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    ("a token of GitHub", "GITHUB_TOKEN", r"gh[opsu]_[A-Za-z0-9]{30,}|github_pat_\w{40,}"),
    ("a token of GitLab", "GITLAB_TOKEN", r"glpat-[\w-]{20,}"),
    ("a key of OpenAI or Anthropic", "API_KEY", r"sk-(?:proj-|ant-)?[\w-]{32,}"),
    ("a key of AWS", "AWS_ACCESS_KEY_ID", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    ("a key of Google", "GOOGLE_API_KEY", r"AIza[\w-]{35}"),
    ("a token of Slack", "SLACK_TOKEN", r"xox[abprs]-[A-Za-z0-9-]{20,}"),
)
"""What a token is of, the variable that usually holds it, and its pattern."""

_TOKEN = re.compile(
    "|".join(rf"(?<![A-Za-z0-9])(?:{shape})(?![A-Za-z0-9])" for *_, shape in TOKEN_SHAPES)
)
# a value that is a secret because of its key, or of its place in a URL, whatever it looks like
_NAMED = re.compile(
    r"""(?P<before>\bhub_token["']?\s*[:=]\s*["']?(?:\$\{env:[A-Za-z_]\w*:-)?)"""
    r"""(?!\$\{|null\b|None\b)(?P<secret>[^\s"',}\\]+)"""
    r"""|(?P<scheme>\b[a-z][a-z0-9+.-]*:/{1,2}[^\s/:@"']*:)(?P<password>[^\s/@"'$]+)(?=@)"""
)
_SECRET_NAME = re.compile(r"(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|KEY)$")


def mask(text: str, secrets: Mapping[str, str], *, escape: bool = False) -> str:
    """``text`` with each of ``secrets`` replaced by the reference it came from.

    A value is found as it is, and as JSON, Python, HTML and URLs write it. Tokens in clear become
    asterisks.

    With ``escape``, the text is for a spec: a ``${`` that is no such reference is written so that
    it stays literal, and nothing else is changed.
    """
    if text in secrets:
        return secrets[text]
    written = {
        form: reference
        for value, reference in secrets.items()
        if len(value) >= SHORTEST_MASKED_PART
        for form in _forms_of(value)
    }
    # the longest first, so that a value is not taken for another that it begins with
    alternatives = [re.escape(form) for form in sorted(written, key=len, reverse=True)]
    if escape:
        alternatives.append(r"\$\{")
    if alternatives:
        # one pass, so that no secret is looked for in the reference to another
        text = re.sub("|".join(alternatives), lambda m: written.get(m.group(), "$${"), text)
    return text if escape else blot(text)


@lru_cache(maxsize=256)
def _forms_of(value: str) -> tuple[str, ...]:
    """How a value may be written by what puts it into a message or a file."""
    from html import escape  # only a spec with secrets needs them
    from urllib.parse import quote

    forms = (
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        escape(value),
        quote(value),
        quote(value, safe=""),
    )
    return tuple(dict.fromkeys(forms))


@lru_cache(maxsize=256)  # each profile of a spec asks again
def find_token(text: str) -> re.Match[str] | None:
    """The first token in ``text`` that its shape gives away."""
    return _TOKEN.search(text)


def blot(text: str) -> str:
    """``text`` with the tokens that stand in it in clear as asterisks, of the same length so that
    carets below a line still point at the right place.

    A token is what looks like one of :data:`TOKEN_SHAPES`, the value or default of ``hub_token``,
    and the password of a URL.
    """
    text = _TOKEN.sub(lambda match: match[0][:3] + "*" * (len(match[0]) - 3), text)
    return _NAMED.sub(_without_secret, text)


def _without_secret(match: re.Match[str]) -> str:
    before, secret = match["before"] or match["scheme"], match["secret"] or match["password"]
    return before + "*" * len(secret)


def ambient_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The tokens, keys and passwords that an environment holds, by the name of their variable,
    whether or not a spec reads them: values with the references that stand for them."""
    return dict(_ambient(environment))


def _ambient(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in environment.items():
        if len(value) >= SHORTEST_MASKED_PART and _SECRET_NAME.search(name.upper()):
            yield value, f"${{env:{name}}}"
