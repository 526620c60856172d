"""Multiples that the sizes of batches are rounded up to."""

from __future__ import annotations

from typing import Any, TypeVar

Number = TypeVar("Number", bound=Any)


def width_multiple(collate: Any) -> int:
    """What the widths of the batches of a collator are multiples of."""
    return getattr(collate, "pad_to_multiple_of", None) or 1


def round_up(count: Number, multiple: int) -> Number:
    """To a multiple: a number, or an array or tensor of them."""
    rounded: Number = -(-count // multiple) * multiple
    return rounded
