"""Whether runs differ by more than chance, in words: the same ones in a terminal and on a page."""

from __future__ import annotations

SEPARABLE = 0.05
"""The largest p of runs that are said to differ."""


def verdict_of_seeds(p: float | None, fewest: int) -> str:
    """What Welch's t-test says of two specs, of which one has ``fewest`` seeds."""
    seeds = "1 seed" if fewest == 1 else f"{fewest} seeds"
    if p is None:
        return f"not separable with {seeds}"
    if p >= SEPARABLE:
        return f"not separable with {seeds} (p = {p:.2f})"
    return f"differs (p = {shown_p(p)})"


def verdict_of_rows(
    name: str, p: float, only: tuple[int, int], runs: tuple[str, str], tests: int
) -> str:
    """What a paired test says of two runs.

    Args:
        name: of the test.
        p: of the test; of several times their number.
        only: on how many rows only the first, and only the second, is right or better.
        runs: what both are called.
        tests: how many runs are tested against the first.
    """
    verdict = "more than chance" if p < SEPARABLE else "not separable"
    of_tests = f" of {tests} tests" if tests > 1 else ""
    return (
        f"{name}: p = {shown_p(p)}{of_tests}, {verdict}; only {runs[0]} is right or better on "
        f"{only[0]:,} rows, only {runs[1]} on {only[1]:,}"
    )


def shown_p(p: float) -> str:
    """A probability: four digits after the point, or its power of ten."""
    return f"{p:.4f}" if p >= 0.0001 else f"{p:.1e}"
