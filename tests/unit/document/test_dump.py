"""The parser reads back values and types from the dumper."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftspec.document.dump import dump
from tests.unit.conftest import Parse

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.from_regex(r"[-+]?[0-9]*(e|E|\.|_|:|o|x|-)?[0-9]+", fullmatch=True)
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text().filter(lambda key: key != "<<"), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "text", ["7e12345", "1e-5", "0o17", "on", "1_000", "1:30", "", "~", "null", "3", "2024-01-01"]
)
def test_string_that_looks_like_something_else_stays_a_string(text: str, parse: Parse) -> None:
    assert parse(dump({"a": text})) == ({"a": text}, [])


@given(value=_VALUES)
@settings(max_examples=150)
def test_any_value_reads_back_the_same(value: Any, parse: Parse) -> None:
    assert parse(dump({"a": value})) == ({"a": value}, [])


def test_keys_keep_their_order() -> None:
    assert dump({"b": 1, "a": 2}) == "b: 1\na: 2\n"


def test_shared_value_is_written_twice_and_not_as_an_alias() -> None:
    shared = ["x"]
    assert dump({"a": shared, "b": shared}) == "a:\n- x\nb:\n- x\n"
