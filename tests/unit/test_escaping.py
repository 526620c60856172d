"""Control characters are shown, and JSON keeps its values."""

from __future__ import annotations

import json
import logging
import unicodedata
import warnings

import pytest

from ftspec.cli.launch.library_logs import show_library_logs
from ftspec.escaping import visible, visible_json, without_commands

WHOLE = "".join(map(chr, (*range(0x2500), *range(0xFE00, 0x10100), *range(0xE0000, 0xE0200))))
EVERY = WHOLE + "".join(map(chr, range(0xD800, 0xE000)))
KEPT = "\n\t"


def test_no_character_that_moves_the_cursor_or_turns_text_around_is_left() -> None:
    shown = visible(EVERY)
    left = {one for one in shown if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")}
    assert left == set(KEPT)
    turning = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
    assert not [one for one in shown if unicodedata.bidirectional(one) in turning]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x1b]8;;https://evil\x07x", r"\x1b]8;;https://evil\x07x"),
        ("done\rfailed", r"done\rfailed"),
        ("\x9b2J", r"\x9b2J"),
        ("a\u202eb", r"a\u202eb"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
        ("a\tb\nc", "a\tb\nc"),
        ("👩‍🚀 نعم ניקוד", "👩‍🚀 نعم ניקוד"),
    ],
)
def test_escapes(text: str, expected: str) -> None:
    assert visible(text) == expected
    assert visible(expected) == expected


def test_json_has_the_same_value() -> None:
    value = {WHOLE: [WHOLE, "##[error]x"]}
    written = visible_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(written) == value
    assert visible(written) == written
    assert "##[" not in written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("a\n  ::add-mask::x", "a\n  \\x3a:add-mask::x"),
        ("a ##[set-output name=x]y", r"a #\x23[set-output name=x]y"),
        ("std::vector", "std::vector"),
    ],
)
def test_commands_of_a_workflow(text: str, expected: str) -> None:
    assert without_commands(text) == expected


def test_logs_and_warnings_of_libraries(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    before = logging.getLogRecordFactory()
    try:
        show_library_logs()
        logging.getLogger("a_library").error("no label %s", "\x1b[2J")
        text = warnings.formatwarning("\x1b[2J", UserWarning, "a.py", 1)
    finally:
        logging.setLogRecordFactory(before)
    assert caplog.messages == [r"no label \x1b[2J"]
    assert r"\x1b[2J" in text
