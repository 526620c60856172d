"""``python -m benchmarks [NAME…]``: measure, print Markdown, write ``benchmarks/results/``."""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.rows import markdown, to_json

BENCHMARKS = (
    "lint_start",
    "lint_many",
    "run_start",
    "plugin_cost",
    "tokenizing",
    "preparation",
    "batching_speed",
    "returning_sizes",
    "drawn_masks",
    "step_profile",
    "train_classifier",
    "train_summarizer",
    "train_language_model",
    "train_on_gpu",
    "peers",
)
RESULTS = Path(__file__).parent / "results"
ROUNDS = 21


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is repeated")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in arguments.names or BENCHMARKS:
        run(name, arguments.rounds, write=not arguments.dry)


def run(name: str, rounds: int, *, write: bool) -> None:
    """Run one benchmark; print its table, and keep table and numbers."""
    module = importlib.import_module(f"benchmarks.{name}")
    rows = list(module.measure(rounds))
    if not rows:
        return
    machine = describe_machine()
    described = "; ".join(f"{key} {value}" for key, value in machine.items())
    page = "\n\n".join(
        (
            f"# {name}",
            inspect.cleandoc(module.__doc__ or ""),
            f"`python -m benchmarks {name}`, {rounds} rounds, on {described}:",
            markdown(rows),
        )
    )
    print(page, end="\n\n")
    if write:
        RESULTS.mkdir(exist_ok=True)
        record = {"benchmark": name, "machine": machine, "rounds": rounds, "rows": to_json(rows)}
        text = json.dumps(record, indent=2, ensure_ascii=False)
        (RESULTS / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
        (RESULTS / f"{name}.md").write_text(f"{page}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
