"""Checks every pair of a task and an architecture: ``python -m tests.architectures``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.architectures.expectations import quick_pairs
from tests.architectures.pairs import Pair, all_pairs
from tests.architectures.table import render_page
from tests.architectures.workers import check_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Print verdicts as they come, and write the page; 1 if a pair deviates or fails."""
    options = _parser().parse_args(arguments)
    pairs = quick_pairs() if options.quick else all_pairs()
    if options.only:
        pairs = [pair for pair in pairs if any(_is_named(pair, name) for name in options.only)]
    began = time.monotonic()
    verdicts = []
    for verdict in check_all(pairs, options.jobs):
        verdicts.append(verdict)
        print(f"{len(verdicts):4}/{len(pairs)} {verdict}", flush=True)
    counts = Counter(verdict.outcome for verdict in verdicts)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()))
    print(f"{time.monotonic() - began:.0f} seconds")
    if options.output is not None:
        options.output.write_text(render_page(verdicts), encoding="utf-8")
    return int(any(verdict.is_bad for verdict in verdicts))


def _is_named(pair: Pair, name: str) -> bool:
    """Whether a name is that of a pair, or of some: a task, or a task and a model type."""
    return f"{pair}/".startswith(f"{name}/")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.architectures", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only some that stand for all")
    parser.add_argument(
        "--only", nargs="+", metavar="TASK/MODEL", help="a task, a pair or a variant"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    parser.add_argument("--output", type=Path, help="the page to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
