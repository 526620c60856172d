"""The table of what was attacked and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

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

_ALL = "**all**"
_INTRODUCTION = """\
# Attacks

These commands made the rows of this page. Nobody writes a figure by hand.

    {commands}

It disturbs runs of a tiny BERT, which trains six steps, evaluates after every third and saves a
checkpoint after every second, and looks at what is left. Everything that is random comes from the
seed of the attempt; where a command has no `--seed`, those of each kind begin at 0. A row of the
table is what was hit, and the columns say what came of it:

{meanings}

A line for each failure, with the command that makes it again, would follow the table. `--only KIND`
with the same page replaces the rows of a kind, and `--add` adds to them. A command that was ended
early counts the attempts that it had made.
"""


def render_page(
    command: str, attempts: Sequence[Attempt], before: str = "", *, adds: bool = False
) -> str:
    """The page as Markdown. Kinds without attempts keep the rows that they had before; others only
    if this ``adds`` to them."""
    names = [column.strip("*") for column in COLUMNS[3:8]]
    meanings = "\n".join(
        f"- **{name}**: {meaning}" for name, meaning in zip(names, MEANINGS.values(), strict=True)
    )
    earlier = [line.strip() for line in before.splitlines() if line.startswith("    ")]
    commands = "\n    ".join(dict.fromkeys((*earlier, command)))
    introduction = _INTRODUCTION.format(commands=commands, meanings=meanings)
    kinds = {one.kind for one in attempts}
    kept = [row for row in read_rows(before) if adds or row.kind not in kinds]
    table = "\n".join(_lines_of(_summed([*kept, *_rows_of(attempts)])))
    failures = [f"- {line_of(one)}" for one in attempts if is_bad(one)]
    said = "\n".join(("", *failures)) if failures else ""
    return "\n".join((introduction, table, *((said,) if said else ()))) + "\n"


def table_of(attempts: Sequence[Attempt]) -> Iterator[str]:
    """One row for each phase of each kind, and their sum."""
    yield from _lines_of([*_rows_of(attempts)])


def read_rows(page: str) -> Iterator[_Row]:
    """The rows of a page."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(COLUMNS) and all(
            cell.replace(",", "").isdigit() for cell in cells[2:]
        ):
            numbers = [int(cell.replace(",", "")) for cell in cells[2:]]
            if cells[0] != _ALL:
                yield _Row(cells[0], cells[1], tuple(numbers[:-1]), numbers[-1])


def line_of(attempt: Attempt) -> str:
    """An attempt in one line, with how to make it again."""
    verdict = attempt.verdict
    again = f"--only {attempt.kind} --seed {attempt.seed} --attempts 1"
    said = "skipped" if verdict is None else f"{verdict.outcome} {verdict.detail}"
    return f"{attempt.kind} {attempt.phase} ({again}): {' '.join(said.split())}"


def is_bad(attempt: Attempt) -> bool:
    """Whether ftspec did not stand it."""
    return attempt.verdict is not None and attempt.verdict.is_bad


@dataclass(frozen=True)
class _Row:
    """A row of the table: how many attempts, and how many of them had each outcome."""

    kind: str
    phase: str
    counts: tuple[int, ...]
    seconds: float

    def plus(self, other: _Row) -> _Row:
        """The attempts of both."""
        counts = tuple(a + b for a, b in zip(self.counts, other.counts, strict=True))
        return replace(self, counts=counts, seconds=self.seconds + other.seconds)

    def __str__(self) -> str:
        counts = [f"{count:,}" for count in self.counts]
        return f"| {' | '.join((self.kind, self.phase, *counts, f'{self.seconds:,.0f}'))} |"


def _rows_of(attempts: Iterable[Attempt]) -> Iterator[_Row]:
    """What this machine cannot do has no attempts. The faults of the Hub have a row together: there
    is one attempt of each."""
    by_row: dict[tuple[str, str], list[Attempt]] = {}
    for one in attempts:
        phase = "" if one.kind == "hub" else one.phase
        by_row.setdefault((one.kind, phase), []).append(one)
    for (kind, phase), group in by_row.items():
        made = [one.verdict.outcome for one in group if one.verdict is not None]
        counts = Counter(made)
        numbers = (len(made), *(counts[outcome] for outcome in MEANINGS))
        yield _Row(kind, phase, numbers, sum(one.seconds for one in group))


def _summed(rows: Iterable[_Row]) -> list[_Row]:
    """One row for each phase."""
    sums: dict[tuple[str, str], _Row] = {}
    for row in rows:
        key = row.kind, row.phase
        sums[key] = sums[key].plus(row) if key in sums else row
    return list(sums.values())


def _lines_of(rows: Sequence[_Row]) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|{'---|' * 2}{'---:|' * (len(COLUMNS) - 2)}"
    yield from map(str, rows)
    sums = zip(*(row.counts for row in rows), strict=True)
    counts = tuple(map(sum, sums)) if rows else (0,) * (len(MEANINGS) + 1)
    yield str(_Row(_ALL, "", counts, sum(row.seconds for row in rows)))
