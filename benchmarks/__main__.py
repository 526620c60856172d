"""``python -m benchmarks [NAME…]``: measure, print Markdown, write ``benchmarks/results/``.

``python -m benchmarks --render`` measures nothing. It writes every page in ``benchmarks/results/``
again from its numbers, after a change to a docstring or to the layout of the tables.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence

from benchmarks.machine import describe_machine
from benchmarks.record import RESULTS, make_record, read_record

BENCHMARKS = (
    "lint_start",
    "lint_many",
    "run_start",
    "plugin_cost",
    "tokenizing",
    "preparation",
    "evaluation",
    "several_processes",
    "restart",
    "batching_speed",
    "step_profile",
    "train_classifier",
    "train_summarizer",
    "train_language_model",
    "train_on_gpu",
    "peers",
)
ROUNDS = 21


def main() -> None:
    """Run the given benchmarks, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is repeated")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    parser.add_argument("--render", action="store_true", help="write the pages of earlier results")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    names = arguments.names or BENCHMARKS
    if arguments.render:
        render(names)
        return
    for name in names:
        run(name, arguments.rounds, write=not arguments.dry)


def run(name: str, rounds: int, *, write: bool) -> None:
    """Run one benchmark; print its page, and keep page and numbers."""
    module = importlib.import_module(f"benchmarks.{name}")
    rows = list(module.measure(rounds))
    if not rows:
        return
    measured = make_record(name, describe_machine(), rounds, rows)
    print(measured.page())
    if write:
        measured.write()


def render(names: Sequence[str]) -> None:
    """Write the pages of earlier results of these benchmarks again."""
    for file in sorted(RESULTS.glob("*.json")):
        earlier = read_record(file)
        if earlier.benchmark in names:
            file.with_suffix(".md").write_text(earlier.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
