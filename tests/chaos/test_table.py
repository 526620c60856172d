"""The page of the attack, and rows that are replaced on it."""

from __future__ import annotations

from tests.chaos.table import read_rows, render_page
from tests.chaos.verdict import Attempt, Verdict

KILL = Attempt("kills", "save", 3, Verdict("reference"), 2.4)
LOST = Attempt("races", "run + run", 4, Verdict("lost", "a traceback"), 1.0)
SKIPPED = Attempt("disks", "tmpfs", 5, None, 0.0)


def test_rows_count_outcomes_and_failures_say_how_to_see_them_again() -> None:
    page = render_page("python -m tests.chaos", [KILL, KILL, LOST, SKIPPED])
    assert "| kills | save | 2 | 2 | 0 | 0 | 0 | 0 | 5 |" in page
    assert "| races | run + run | 1 | 0 | 0 | 0 | 1 | 0 | 1 |" in page
    assert "| disks | tmpfs | 0 |" in page
    assert "| **all** |  | 3 | 2 | 0 | 0 | 1 | 0 | 6 |" in page
    assert "--only races --seed 4 --attempts 1): lost a traceback" in page


def test_one_kind_replaces_its_rows() -> None:
    before = render_page("python -m tests.chaos", [KILL, LOST])
    sound = Attempt("races", "run + run", 4, Verdict("refused"), 1.0)
    page = render_page("python -m tests.chaos --only races", [sound], before)
    assert [(row.kind, row.counts[4]) for row in read_rows(page)] == [("kills", 0), ("races", 0)]
    assert "    python -m tests.chaos\n    python -m tests.chaos --only races\n" in page


def test_attempts_are_added_to_a_row() -> None:
    before = render_page("python -m tests.chaos", [KILL, LOST])
    page = render_page("python -m tests.chaos --seed 90", [KILL, KILL], before, adds=True)
    assert "| kills | save | 3 | 3 | 0 | 0 | 0 | 0 | 7 |" in page
