"""What the strategies share."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Spec = dict[str, Any]
Specs = st.SearchStrategy[Spec]


def maybe(draw: st.DrawFn, section: Spec, key: str, values: st.SearchStrategy[Any]) -> None:
    """Half of the time, a key."""
    if draw(st.booleans()):
        section[key] = draw(values)


def mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is usual, seven times of eight."""
    return st.integers(0, 7).flatmap(lambda number: other if number == 7 else usual)
