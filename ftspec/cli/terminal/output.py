"""Prints text with secrets masked. Results and files are masked where they are made."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
from collections.abc import Mapping
from typing import Any

import click

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
    """Print a text without secrets. Where the terminal is gone, nothing is printed."""
    try:
        click.echo(masked(text), err=err, nl=nl)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        mute_lost_outputs()


def echo_json(value: Any) -> None:
    """Print a value as indented JSON. Secrets are masked where the value is made."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


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
