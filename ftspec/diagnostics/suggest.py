"""Did you mean: the most similar of the valid names."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most similar to ``word``, or ``None`` if none is similar enough.

    Ignores case and the difference between ``-`` and ``_``.
    """
    return _nearest(word, tuple(candidates))


@lru_cache  # each profile of a spec repeats the search
def _nearest(word: str, candidates: tuple[str, ...]) -> str | None:
    from difflib import get_close_matches  # takes 3 ms, and only mistakes need it

    by_shape = {_shape(candidate): candidate for candidate in candidates}
    found = get_close_matches(_shape(word), by_shape, n=1, cutoff=0.6)
    return by_shape[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """The help line for a misspelt ``word``, if a candidate is similar."""
    found = nearest(word, candidates)
    return (f'did you mean "{found}"?',) if found is not None else ()


def one_of(names: Iterable[str]) -> str:
    """``expected one of "a", "b"`` for a help line."""
    return "expected one of " + ", ".join(f'"{name}"' for name in names)


def _shape(word: str) -> str:
    return word.lower().replace("-", "_")
