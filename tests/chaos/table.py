"""The table of what was attacked and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tests.chaos.verdict import MEANINGS, Attempt

COLUMNS = (
    "kind",
    "phase",
    "attempts",
    "reference result",
    "fell back with a note",
    "refused clearly",
    "**lost**",
    "**silent**",
    "seconds",
)

_INTRODUCTION = """\
# Attacks

This command writes this page. Nobody edits it by hand.

    {command}

It disturbs runs of a tiny BERT, which trains six steps, evaluates after every third and saves a
checkpoint after every second, and looks at what is left. Everything that is random comes from the
seed of the attempt; those of each kind begin at {seed}. A row of the table is what was hit, and the
columns say what came of it:

{meanings}

A line for each failure, with the command that makes it again, would follow the table.
"""


def render_page(command: str, seed: int, attempts: Sequence[Attempt]) -> str:
    """The page as Markdown."""
    names = [column.strip("*") for column in COLUMNS[3:8]]
    meanings = "\n".join(
        f"- **{name}**: {meaning}" for name, meaning in zip(names, MEANINGS.values(), strict=True)
    )
    introduction = _INTRODUCTION.format(command=command, seed=seed, meanings=meanings)
    table = "\n".join(table_of(attempts))
    failures = "\n".join(f"- {line_of(one)}" for one in attempts if is_bad(one))
    return "\n".join((introduction, table, *(("", failures) if failures else ()))) + "\n"


def table_of(attempts: Iterable[Attempt]) -> Iterator[str]:
    """One row for each phase of each kind, and their sum."""
    attempts = list(attempts)
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|{'---|' * 2}{'---:|' * (len(COLUMNS) - 2)}"
    pairs = dict.fromkeys(map(_row_of, attempts))
    for pair in pairs:
        yield _row(*pair, [one for one in attempts if _row_of(one) == pair])
    yield _row("**all**", "", attempts)


def line_of(attempt: Attempt) -> str:
    """An attempt in one line, with how to make it again."""
    verdict = attempt.verdict
    again = f"--only {attempt.kind} --seed {attempt.seed} --attempts 1"
    said = "skipped" if verdict is None else f"{verdict.outcome} {verdict.detail}"
    return f"{attempt.kind} {attempt.phase} ({again}): {' '.join(said.split())}"


def is_bad(attempt: Attempt) -> bool:
    """Whether ftspec did not stand it."""
    return attempt.verdict is not None and attempt.verdict.is_bad


def _row_of(attempt: Attempt) -> tuple[str, str]:
    """The faults of the Hub have a row together: there is one attempt of each."""
    return attempt.kind, "" if attempt.kind == "hub" else attempt.phase


def _row(kind: str, phase: str, attempts: Sequence[Attempt]) -> str:
    made = [one for one in attempts if one.verdict is not None]
    counts = Counter(one.verdict.outcome for one in made if one.verdict is not None)
    numbers = [len(made), *(counts[outcome] for outcome in MEANINGS)]
    if attempts and not made:
        return f"| {kind} | {phase} | skipped |{' |' * 6}"
    seconds = sum(one.seconds for one in made)
    cells = [kind, phase, *(f"{number:,}" for number in numbers), f"{seconds:,.0f}"]
    return f"| {' | '.join(cells)} |"
