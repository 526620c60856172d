"""Attacks ftspec, and prints what came of it: ``python -m tests.chaos``."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.chaos.attacking import attempts_of
from tests.chaos.damages import DAMAGES_OF_FILES
from tests.chaos.disks import DISKS
from tests.chaos.kills import KILLS
from tests.chaos.mutants import MUTATIONS
from tests.chaos.network import HUB_FAULTS
from tests.chaos.place import opened_place
from tests.chaos.races import RACES
from tests.chaos.stops import SIGNALS
from tests.chaos.table import is_bad, line_of, render_page, table_of
from tests.chaos.verdict import Attempt

_ALL = (MUTATIONS, HUB_FAULTS, DISKS, RACES, DAMAGES_OF_FILES, SIGNALS, KILLS)
_SECONDS = 20.0
"""How often the page is written: something may end the attack before its end."""
KINDS = {kind.name: kind for kind in _ALL}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print each attempt as it ends, then the table; 1 if one is lost or silent."""
    options = _parser().parse_args(arguments)
    command = shlex.join(["python", "-m", "tests.chaos", *(arguments or sys.argv[1:])])
    page: Path | None = options.output
    before = page.read_text(encoding="utf-8") if options.only and page and page.exists() else ""
    page_of = partial(render_page, command, before=before, adds=options.add)
    attempts: list[Attempt] = []
    written = time.monotonic()
    with opened_place() as place:
        for name in options.only or KINDS:
            kind = KINDS[name]
            count = options.attempts or (kind.long if options.long else kind.short)
            for attempt in attempts_of(kind, place, options.seed, count):
                attempts.append(attempt)
                if is_bad(attempt) or kind.long < 1000:
                    print(f"{attempt.seconds:6.1f} s {line_of(attempt)}", flush=True)
                if page is not None and time.monotonic() > written + _SECONDS:
                    written = time.monotonic()
                    page.write_text(page_of(attempts), "utf-8")
    if page is not None:
        page.write_text(page_of(attempts), "utf-8")
    print("\n".join(table_of(attempts)))
    return int(any(map(is_bad, attempts)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--long", action="store_true", help="hundreds of attempts")
    parser.add_argument("--seed", type=int, default=0, help="where the attempts begin")
    parser.add_argument("--only", nargs="+", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    parser.add_argument("--attempts", type=int, help="so many of each kind")
    parser.add_argument("--add", action="store_true", help="add to the page, replace no rows")
    parser.add_argument("--output", type=Path, help="the page to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
