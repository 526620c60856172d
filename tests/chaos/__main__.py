"""Attacks ftspec, and prints what came of it: ``python -m tests.chaos``."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.attacking import attempts_of
from tests.chaos.damages import DAMAGES_OF_FILES
from tests.chaos.kills import KILLS
from tests.chaos.place import opened_place
from tests.chaos.table import is_bad, line_of, render_page, table_of
from tests.chaos.verdict import Attempt

KINDS = {kind.name: kind for kind in (KILLS, DAMAGES_OF_FILES)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print each attempt as it ends, then the table; 1 if one is lost or silent."""
    options = _parser().parse_args(arguments)
    attempts: list[Attempt] = []
    with opened_place() as place:
        for name in options.only or KINDS:
            kind = KINDS[name]
            count = options.attempts or (kind.long if options.long else kind.short)
            for attempt in attempts_of(kind, place, options.seed, count):
                attempts.append(attempt)
                if is_bad(attempt) or kind.long < 1000:
                    print(f"{attempt.seconds:6.1f} s {line_of(attempt)}", flush=True)
    print("\n".join(table_of(attempts)))
    if options.output is not None:
        command = shlex.join(["python", "-m", "tests.chaos", *(arguments or sys.argv[1:])])
        options.output.write_text(render_page(command, attempts), encoding="utf-8")
    return int(any(map(is_bad, attempts)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--long", action="store_true", help="the long form, for hours of rest")
    parser.add_argument("--seed", type=int, default=0, help="where the attempts begin")
    parser.add_argument("--only", nargs="+", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    parser.add_argument("--attempts", type=int, help="so many of each kind")
    parser.add_argument("--output", type=Path, help="the page to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
