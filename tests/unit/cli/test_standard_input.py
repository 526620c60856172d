"""Rows of the standard input are there as soon as their lines are."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ftspec.cli.inputs.standard_input import rows_at_hand
from ftspec.errors import UsageError


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def test_a_row_does_not_wait_for_the_next(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    found = rows_at_hand(reading, 2)
    os.write(writing, b'{"text": "a"}\n{"te')
    assert next(found) == [(1, {"text": "a"})]
    os.write(writing, 'xt": "খ"}\n\n{"text": 3}\r\n{"text": 4}\n{"text": 5}'.encode())
    assert next(found) == [(2, {"text": "খ"}), (4, {"text": 3})]
    assert next(found) == [(5, {"text": 4})]
    os.close(writing)
    assert list(found) == [[(6, {"text": 5})]]


@pytest.mark.parametrize("line", [b"[1]", b"{", b"text", b'"\xff"', b"[" * 100_000])
def test_line_that_is_no_object_is_named(line: bytes, pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.write(writing, b'{"text": "a"}\n' + line[:50_000] + b"\n")
    os.close(writing)
    with pytest.raises(UsageError, match="line 2 of the standard input is no JSON object"):
        list(rows_at_hand(reading, 8))


def test_nothing_is_no_row(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.write(writing, b"\n\n")
    os.close(writing)
    assert list(rows_at_hand(reading, 8)) == []
