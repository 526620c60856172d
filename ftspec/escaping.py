"""Shows control characters instead of sending them: text of data, specs, file names and servers may
have escape sequences that rewrite a terminal, or marks that reverse the direction of a line.

Everything that ftspec prints or logs passes through :func:`visible`, or is JSON and passes through
:func:`visible_json`.
"""

from __future__ import annotations

import re

# C0 except line feed and tab, DEL, C1, marks of direction, line and paragraph separators, halves of
# surrogate pairs, annotations and tags. Joiners stay: emoji and many scripts need them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# A line that GitHub Actions reads as a command: the new form starts a line, the old one does not.
_WORKFLOW_COMMAND = re.compile(r"(?m)(?P<before>^\s*):(?=:)|(?P<old>#)#(?=\[)")


def visible(text: str) -> str:
    """``text`` with escapes, as of Python, for characters that a terminal does not show as they
    are. Line feeds and tabs stay."""
    return _HIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def is_hidden(character: str) -> bool:
    """Whether :func:`visible` replaces a character."""
    return _HIDDEN.match(character) is not None


def visible_json(text: str) -> str:
    """The same JSON with its own escapes for these characters, and without commands to GitHub
    Actions: its values stay the same."""
    return _HIDDEN.sub(lambda match: _escaped(match[0]), text).replace("##[", "#\\u0023[")


def without_commands(text: str) -> str:
    """``text`` without commands to GitHub Actions, which takes them from the output of any
    program."""
    return _WORKFLOW_COMMAND.sub(
        lambda match: "#\\x23" if match["old"] else f"{match['before']}\\x3a", text
    )


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
