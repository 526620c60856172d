"""Did you mean: the one of the valid names that a word is a slip of, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``word`` is most likely a slip of, or ``None`` if it is none of them.

    Ignores case and the difference between ``-`` and ``_``. A suggestion that is wrong costs more
    than none, so a word must be nearly equal to a candidate, or stand for no other one.
    """
    return _nearest(word, tuple(candidates))


@lru_cache  # each profile of a spec repeats the search
def _nearest(word: str, candidates: tuple[str, ...]) -> str | None:
    wanted = _shape(word)
    slips = {}
    for candidate in candidates:
        most = _allowed_slips(min(len(wanted), len(candidate)))
        slips[candidate] = _distance(wanted, _shape(candidate), most)
    near = [one for one in candidates if slips[one] is not None]
    if near:
        return min(near, key=lambda one: (slips[one], not one.startswith(word[:1])))
    parts = [one for one in candidates if _is_part(wanted, _shape(one))]
    return parts[0] if len(parts) == 1 else None


def did_you_mean(word: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """The help line for a misspelt ``word``, if a candidate is similar."""
    found = nearest(word, candidates)
    return (f'did you mean "{found}"?',) if found is not None else ()


def one_of(names: Iterable[str]) -> str:
    """``expected one of "a", "b"`` for a help line."""
    return "expected one of " + ", ".join(f'"{name}"' for name in names)


def _shape(word: str) -> str:
    return word.lower().replace("-", "_")


def _allowed_slips(length: int) -> int:
    """How many letters may be wrong: one in short words, a quarter of them in long ones."""
    return 0 if length < 3 else max(1, min(length // 4, 4))


def _distance(one: str, other: str, most: int) -> int | None:
    """How many letters must be added, left out, changed or swapped with the next one to make two
    words equal; ``None`` if more than ``most``."""
    if abs(len(one) - len(other)) > most:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [index]
        for at, against in enumerate(other, start=1):
            cost = min(before[at] + 1, row[-1] + 1, before[at - 1] + (letter != against))
            if index > 1 and at > 1 and (letter, one[index - 2]) == (other[at - 2], against):
                cost = min(cost, earlier[at - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None


def _is_part(written: str, name: str) -> bool:
    """Whether one begins with the other, of at least four letters, or has its several words and
    more, or a name has a long word. A word may be shortened."""
    short, long = sorted((written, name), key=len)
    if len(short) > 3 and long.startswith(short):
        return True
    if len(written) > 4 and written in _words(name):
        return True
    few, many = sorted((_words(written), _words(name)), key=len)
    return len(few) > 1 and all(any(_is_short_for(a, b) for b in many) for a in few)


def _is_short_for(one: str, other: str) -> bool:
    return one == other or (len(one) > 2 and other.startswith(one))


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name) if word]
