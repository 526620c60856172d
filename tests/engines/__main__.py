"""Kill what runs, at random moments: ``python -m tests.engines --seed 1 --kills 10``."""

from __future__ import annotations

import argparse
import sys

from tests.engines.restarts import kill_at_random


def main() -> int:
    """Print a line for each run; returns how many ended wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.engines", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=1, help="of the first run; the next has one more"
    )
    parser.add_argument("--kills", type=int, default=10, help="number of runs, each with one kill")
    arguments = parser.parse_args()
    wrong = 0
    for verdict in kill_at_random(range(arguments.seed, arguments.seed + arguments.kills)):
        print(verdict, flush=True)
        wrong += not verdict.is_good
    print(f"{wrong} of {arguments.kills} runs ended wrong")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
