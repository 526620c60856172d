"""Secrets are removed from texts, in all their forms."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from urllib.parse import quote, quote_plus

import pytest

from ftspec.diagnostics.model import Collector
from ftspec.document.load import load_document
from ftspec.masking import ambient_secrets, blot, mask
from ftspec.span import SourceText

SECRETS = {"hunter2secret": "${env:TOKEN}", "abc": "${env:SHORT}"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hunter2secret", "${env:TOKEN}"),
        (
            "the token hunter2secret, twice: hunter2secret",
            "the token ${env:TOKEN}, twice: ${env:TOKEN}",
        ),
        ("abc", "${env:SHORT}"),
        ("abcdef", "abcdef"),
        ("hunter2", "hunter2"),
        ("", ""),
    ],
)
def test_secret_is_masked_and_a_short_one_only_where_it_is_all(text: str, shown: str) -> None:
    assert mask(text, SECRETS) == shown


def test_longer_secret_is_masked_before_a_shorter_one_inside_it() -> None:
    secrets = {"/home/ada": "${env:H}", "/home/ada/data": "${env:D}"}
    assert mask("in /home/ada/data/x", secrets) == "in ${env:D}/x"


def test_reference_to_one_secret_is_not_masked_by_another() -> None:
    secrets = {"hunter2secret": "${env:A_TOKEN}", "A_TOKEN": "${env:NAME}"}
    assert mask("hunter2secret is A_TOKEN!", secrets) == "${env:A_TOKEN} is ${env:NAME}!"


@pytest.mark.parametrize("secret", ["a.b*cd", "a${b}cd", "$${x}yz", "\\d\\w+.."])
def test_secret_of_any_characters_is_masked(secret: str) -> None:
    secrets = {secret: "${env:S}"}
    for is_for_spec in (False, True):
        assert mask(f"<{secret}>", secrets, escape=is_for_spec) == "<${env:S}>"
        assert mask(secret, secrets, escape=is_for_spec) == "${env:S}"


def test_escaped_text_reads_back_as_it_was() -> None:
    text = "${env:TOKEN} is hunter2secret, ${x}"
    written = mask(text, SECRETS, escape=True)
    assert written == "$${env:TOKEN} is ${env:TOKEN}, $${x}"
    source = SourceText("spec.yaml", f"a: '{written}'")
    document = load_document(source, Collector(), environment={"TOKEN": "hunter2secret"})
    assert document is not None
    assert document.plain() == {"a": text}


WRITERS: dict[str, Callable[[str], str]] = {
    "text": str,
    "Python": repr,
    "Python in ASCII": ascii,
    "bytes": lambda value: repr(value.encode()),
    "JSON": json.dumps,
    "JSON in Unicode": lambda value: json.dumps(value, ensure_ascii=False),
    "JSON in JSON": lambda value: json.dumps(json.dumps(value)),
    "HTML": escape,
    "URL": quote,
    "part of a URL": lambda value: quote(value, safe=""),
    "form of a URL": quote_plus,
    "YAML": lambda value: "'" + value.replace("'", "''") + "'",
}


@pytest.mark.parametrize("secret", ['a"b\\c<d>&e f', "schlüssel/ 7", "it's a secret", "tab\tbed"])
@pytest.mark.parametrize("writer", WRITERS)
def test_secret_is_masked_as_programs_write_it(secret: str, writer: str) -> None:
    written = WRITERS[writer](secret)
    shown = mask(f"<<{written}>>", {secret: "REFERENCE"})
    assert re.fullmatch(r"<<b?[\\\"']*REFERENCE[\\\"']*>>", shown), shown


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("hunter2secret\n", "token hunter2secret!"),
        ("first line\nsecond line", "  | first line\n  | second line"),
        ("two  blanks", "it is two blanks"),
        ("/data/of/ada/", "/data/of/ada"),
    ],
)
def test_secret_is_masked_where_programs_change_its_space(secret: str, text: str) -> None:
    shown = mask(text, {secret: "REFERENCE"})
    assert "REFERENCE" in shown
    assert not any(line.strip() in shown for line in secret.splitlines())


def test_text_that_is_masked_twice_keeps_its_references() -> None:
    secrets = {"hunter2secret": "${env:A_TOKEN}", "A_TOKEN": "${env:NAME}"}
    assert mask(mask("it is hunter2secret", secrets), secrets) == "it is ${env:A_TOKEN}"


# Tokens in plain text

TOKEN = "hf_" + "a1B2" * 8


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"401 for {TOKEN}!", f"401 for hf_{'*' * 32}!"),
        ("hub_token: s3cret-x", "hub_token: ********"),
        ("--set training.hub_token=s3cret-x", "--set training.hub_token=********"),
        ("{'hub_token': 's3cret-x', 'a': 1}", "{'hub_token': " + "*" * 19),
        ('"hub_token": "s3cret-x"', '"hub_token": **********'),
        ("hub_token: two words\nseed: 1", "hub_token: *********\nseed: 1"),
        ("hub_token: null-s3cret", "hub_token: ***********"),
        ("hub_token: &a s3cret-x", "hub_token: ***********"),
        ("push_to_hub_token: s3cret-x", "push_to_hub_token: ********"),
        ("hub-tokn: s3cret-x", "hub-tokn: ********"),
        ("https://ada:s3cret-x@host/a", "https://ada:********@host/a"),
        ("HTTPS://ada:p'w$x@host/a", "HTTPS://ada:*****@host/a"),
        ("https://ada:${env:X}@host/a", "https://ada:${env:X}@host/a"),
        (f"https://{'t' * 40}@host/a", f"https://{'*' * 40}@host/a"),
        ("/a/https:/ada:s3cret-x@host/a", "/a/https:/ada:********@host/a"),
        ("hub_token: ${env:HF_TOKEN}", "hub_token: ${env:HF_TOKEN}"),
        ("hub_token: '${env:X:-s3cret-x}'", "hub_token: " + "*" * 20),
        ("hub_token: ${env:HF_TOKEN:-}", "hub_token: ${env:HF_TOKEN:-}"),
        ("hub_token=None, hub_token: null", "hub_token=None, hub_token: null"),
        ("http://127.0.0.1:8000/a@b", "http://127.0.0.1:8000/a@b"),
        ("hf_short", "hf_short"),
    ],
)
def test_token_in_clear_becomes_asterisks_of_its_length(text: str, shown: str) -> None:
    assert blot(text) == shown
    assert mask(text, {}) == shown
    assert len(shown) == len(text)


def test_text_for_a_spec_keeps_what_only_looks_like_a_token() -> None:
    assert mask(TOKEN, {}, escape=True) == TOKEN


@pytest.mark.parametrize("text", ["aa.", "a+", "ab-", "hf_", "hub_token", "http://", "a:b@"])
def test_long_text_is_searched_in_one_pass(text: str) -> None:
    """In quadratic time, a megabyte would take hours."""
    long = text * (1_000_000 // len(text))
    assert len(blot(long)) == len(long)


# The environment


def test_tokens_of_the_environment_are_secrets_whoever_reads_them() -> None:
    environment = {
        "HF_TOKEN": "hunter2secret",
        "WANDB_API_KEY": "0123456789",
        "DB_PASSWORD": "short",
        "TOKENIZERS_PARALLELISM": "false-false",
        "KEYBOARD": "querty-uiop",
        "HOME": "/home/ada",
        "PRIMARY_KEY": "user_id",
        "HF_HOME": "/nowhere",
        "REGISTRY_CREDENTIALS": "user:opensesame",
        "MYSQL_PWD": "opensesame2",
        "PWD": "/home/ada/work",
        "SSH_AUTH_SOCK": "/run/agent",
    }
    assert ambient_secrets(environment) == {
        "user:opensesame": "${env:REGISTRY_CREDENTIALS}",
        "opensesame2": "${env:MYSQL_PWD}",
        "hunter2secret": "${env:HF_TOKEN}",
        "0123456789": "${env:WANDB_API_KEY}",
    }
