"""Keeps secrets out of all output: values from the environment, and tokens in plain text.

Everything that ftspec prints, logs or saves passes through :func:`mask`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

SHORTEST_MASKED_PART = 6
"""Characters. A shorter value is masked only if it is the whole text: inside a text it could be any
word."""

TOKEN_SHAPES = (
    ("a Hugging Face token", "HF_TOKEN", r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    ("a GitHub token", "GITHUB_TOKEN", r"gh[opsu]_[A-Za-z0-9]{30,}|github_pat_\w{40,}"),
    ("a GitLab token", "GITLAB_TOKEN", r"glpat-[\w-]{20,}"),
    ("an OpenAI or Anthropic key", "API_KEY", r"sk-(?:proj-|ant-)?[\w-]{32,}"),
    ("an AWS key", "AWS_ACCESS_KEY_ID", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    ("a Google key", "GOOGLE_API_KEY", r"AIza[\w-]{35}"),
    ("a Slack token", "SLACK_TOKEN", r"xox[abprs]-[A-Za-z0-9-]{20,}"),
)
"""The name of a token, the variable that usually has it, and its pattern."""

_TOKEN = re.compile(
    "|".join(rf"(?<![A-Za-z0-9])(?:{shape})(?![A-Za-z0-9])" for *_, shape in TOKEN_SHAPES)
)
REFERENCE = r"\$\{env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}"
"""The pattern of a reference to the environment."""

HIDDEN = "***"
"""Replaces a token in plain text, which no variable has."""

# Everything after a key such as "hub_token" is a secret, up to the end of the line, unless it is a
# reference or empty.
_HARMLESS = r"""["']?(?:\$\{env:\w+(?::-)?\}|null|None|~)?["']?\s*(?:[,})#]|$)"""
_HUB_TOKEN = re.compile(
    r"""(?m)(?P<before>hub[-_]?tok\w{0,20}["']?\s*[:=][ \t]*+)"""
    rf"""(?!{_HARMLESS})(?P<secret>[^\n]+)"""
)
# the password of a URL, or a user name so long that it is a token; a path may lack a slash
_IN_URL = re.compile(
    r"""(?P<before>(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}:/{1,2}"""
    r"""(?:[^\s/:@"']{0,100}:(?!\$\{env:)|(?=[^\s/:@"'$]{20,200}@)))"""
    r"""(?P<secret>[^\s/@"]{1,200})(?=@)"""
)
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:TOKENS?|SECRETS?|CREDENTIALS?|PASSWORDS?|PASSWD|PASSPHRASE|PASS|PAT|AUTH|BEARER"
    r"|(?:API|ACCESS|SECRET|PRIVATE|ACCOUNT|SIGNING|ENCRYPTION|AUTH|SERVICE)_?KEYS?)$"
    r"|_PWD$"  # PWD is the working directory
)


def mask(text: str, secrets: Mapping[str, str], *, escape: bool = False) -> str:
    """``text`` with each of ``secrets`` replaced by its reference.

    Finds a value as it is, and in the forms of JSON, Python, HTML, YAML and URLs. Tokens in plain
    text become asterisks.

    With ``escape``, the text is for a spec: a ``${`` that is not such a reference is escaped, and
    nothing else changes.
    """
    if text in secrets:
        return secrets[text]
    if secrets or escape:
        pattern, references = _matcher(tuple(secrets.items()), escape)
        # one pass, so that no secret is found in the reference to another
        text = pattern.sub(
            lambda match: references.get(match[0], "$${" if escape else match[0]), text
        )
    return text if escape else blot(text)


@lru_cache(maxsize=64)  # a lock or a log has many texts, and a run one set of secrets
def _matcher(
    secrets: tuple[tuple[str, str], ...], escape: bool
) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """The pattern of all secrets, and the reference for each form of a secret."""
    references = {
        form: reference
        for value, reference in secrets
        for form in _forms_of(value)
        if len(form) >= SHORTEST_MASKED_PART
    }
    # the longest first: a value may start with another value
    forms = [re.escape(form) for form in sorted(references, key=len, reverse=True)]
    # references first, for a text that is already masked
    alternatives = [*forms, r"\$\{"] if escape else [REFERENCE, *forms]
    return re.compile("|".join(alternatives)), references


def _forms_of(value: str) -> tuple[str, ...]:
    """The forms of a value in messages and files."""
    from html import escape  # needed only for specs with secrets
    from urllib.parse import quote, quote_plus

    as_json = json.dumps(value)
    bare = (value, value.strip(), " ".join(value.split()), value.rstrip("/"))
    forms = (
        *bare,
        *(line.strip() for line in value.splitlines()),
        as_json[1:-1],
        json.dumps(as_json)[3:-3],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        ascii(value)[1:-1],
        repr(value.encode("utf-8", "surrogateescape"))[2:-1],
        value.replace("'", "\\'"),
        value.replace("'", "''"),
        escape(value),
        quote(value, errors="surrogateescape"),
        quote(value, safe="", errors="surrogateescape"),
        quote_plus(value, errors="surrogateescape"),
    )
    return tuple(dict.fromkeys(filter(None, forms)))


@lru_cache(maxsize=256)  # each profile of a spec asks again
def find_token(text: str) -> re.Match[str] | None:
    """The first token in ``text``, found by its shape."""
    return _TOKEN.search(text)


def blot(text: str) -> str:
    """``text`` with asterisks for tokens in plain text. The length stays the same, so that carets
    below a line still point at the right place.

    Tokens are texts with one of the :data:`TOKEN_SHAPES`, values after ``hub_token``, and passwords
    in URLs.
    """
    text = _TOKEN.sub(lambda match: match[0][:3] + "*" * (len(match[0]) - 3), text)
    for pattern in (_HUB_TOKEN, _IN_URL):
        text = pattern.sub(lambda match: match["before"] + "*" * len(match["secret"]), text)
    return text


def variable_of(reference: str) -> str:
    """The name of the variable in a reference; empty for asterisks."""
    match = re.fullmatch(REFERENCE, reference)
    return match["name"] if match else ""


def is_secret_variable(name: str) -> bool:
    """Whether a variable with this name contains a token, a key or a password."""
    return _SECRET_NAME.search(name.upper()) is not None


def is_token(reference: str) -> bool:
    """Whether the secret behind a reference is a token, a key or a password."""
    return reference == HIDDEN or is_secret_variable(variable_of(reference))


def ambient_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The tokens, keys and passwords in an environment, found by the names of their variables, even
    if no spec reads them; and the token that the Hub client stores in a file. Maps values to the
    references that replace them."""
    return dict(_ambient(environment))


def _ambient(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    home = environment.get("HF_HOME") or "~/.cache/huggingface"
    path = environment.get("HF_TOKEN_PATH") or f"{home}/token"
    with suppress(OSError, ValueError, RuntimeError):
        stored = Path(path).expanduser().read_text(encoding="utf-8").strip()
        if len(stored) >= SHORTEST_MASKED_PART:
            yield stored, "${env:HF_TOKEN}"
    for name, value in environment.items():
        if len(value) >= SHORTEST_MASKED_PART and is_secret_variable(name):
            yield value, f"${{env:{name}}}"
