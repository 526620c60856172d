"""Prints text with secrets masked and control characters shown: every command prints here.

Results and files are masked where they are made.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
from collections.abc import Mapping
from typing import Any

import click

from ftspec.escaping import visible, visible_json, without_commands
from ftspec.masking import ambient_secrets, mask
from ftspec.stopping import mute_lost_outputs

_known: dict[str, str] = {}

_REFERENCE = re.compile(r"(\$\{env:[^}]*\})")


def hide(secrets: Mapping[str, str]) -> None:
    """From now on, show a reference in place of each of these values."""
    _known.update(secrets)


def masked(text: str) -> str:
    """``text`` without the secrets of the environment and of the specs read so far."""
    # the secrets of a spec include those of the environment
    return mask(text, _known or ambient_secrets(os.environ))


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a text for people, without secrets."""
    _print(shown(text), err=err, nl=nl)


def shown(text: str) -> str:
    """``text`` as people see it: without secrets, and with escapes for control characters."""
    return _harmless(masked(text))


def echo_result(text: str, *, nl: bool = True) -> None:
    """Print a result for people. Secrets are masked where it is made."""
    _print(_harmless(text), nl=nl)


def echo_rendered(text: str) -> None:
    """Print visible text as it is: of a renderer for programs, or with colours."""
    _print(text, nl=False)


def echo_json(value: Any) -> None:
    """Print a value as indented JSON. Secrets are masked where the value is made."""
    echo_rendered(as_json(value, indent=2) + "\n")


def as_json(value: Any, *, indent: int | None = None) -> str:
    """A value as JSON that a terminal can show."""
    return visible_json(json.dumps(value, indent=indent, ensure_ascii=False))


def _harmless(text: str) -> str:
    text = visible(text)
    return without_commands(text) if "GITHUB_ACTIONS" in os.environ else text


def is_confirmed(question: str) -> bool:
    """Whether the user says yes."""
    return click.confirm(shown(question), err=True)


def may_remove(what: str, *, is_asked: bool) -> bool:
    """Whether the user agrees that something is removed; says so if not. Nobody is asked if not
    ``is_asked``."""
    if not is_asked or is_confirmed(f"remove {what}?"):
        return True
    echo_result("nothing was removed")
    return False


def _print(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print. Where the terminal is gone, nothing is printed."""
    try:
        click.echo(text, err=err, nl=nl)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        mute_lost_outputs()


def shell_command(*words: str) -> str:
    """A command to copy into a shell.

    It names the environment variable in place of a secret, so it works where that variable is set.
    """
    return " ".join(map(_shell_word, words))


def _shell_word(word: str) -> str:
    shown = masked(word)
    if shown == word:
        return shlex.quote(word)
    parts = _REFERENCE.split(shown)
    return "".join(
        '"${' + part.removeprefix("${env:") + '"'
        if _REFERENCE.fullmatch(part)
        else shlex.quote(part)
        for part in parts
        if part
    )
