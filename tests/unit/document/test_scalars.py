"""Plain scalars by the core schema of YAML 1.2, and every trap of YAML 1.1."""

from __future__ import annotations

import math

import pytest

from ftspec.document.scalars import resolve_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("5E-4", 5e-4),
        ("2e+3", 2000.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("+1.5", 1.5),
        ("1.5e3", 1500.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("+.Inf", math.inf),
    ],
)
def test_float(text: str, value: float) -> None:
    resolved = resolve_plain(text)
    assert isinstance(resolved, float)
    assert resolved == value


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text: str) -> None:
    resolved = resolve_plain(text)
    assert isinstance(resolved, float)
    assert math.isnan(resolved)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-17", -17), ("+3", 3), ("007", 7), ("017", 17), ("0o17", 15), ("0x1F", 31)],
)
def test_integer(text: str, value: int) -> None:
    resolved = resolve_plain(text)
    assert type(resolved) is int
    assert resolved == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("True", True), ("TRUE", True), ("false", False), ("FALSE", False)],
)
def test_bool(text: str, value: bool) -> None:
    assert resolve_plain(text) is value


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null(text: str) -> None:
    assert resolve_plain(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "on", "off", "yes", "no", "y", "n", "Yes", "NO",  # YAML 1.1 makes them booleans
        "1_000", "0b101", "1:30", "190:20:30", "1,000",  # and these numbers
        "2024-01-31", "2001-12-14t21:59:43.10-05:00",  # and these dates
        "tRUE", "nULL", "None", "none", "nan", "inf", ".iNF", ".", "-", "+", "--1", "1e", "e5",
        "0o8", "0xg", "-0x1F", "-0o7", "1.2.3", "1 2", "\uff11", "=", "<<",
    ],
)  # fmt: skip
def test_string_stays_as_written(text: str) -> None:
    assert resolve_plain(text) == text


def test_run_of_digits_too_long_to_be_meant_as_a_number_stays_a_string() -> None:
    assert resolve_plain("9" * 400) == int("9" * 400)
    assert resolve_plain("9" * 401) == "9" * 401
