"""How long ``ftspec lint`` takes, beside what it is built on and what its peers must import.

Run ``python benchmarks/lint_speed.py``; it prints a Markdown table and writes
``benchmarks/results/lint_speed.json``. Runs are interleaved, so that a busy machine slows all
alike; ratios of medians are what counts.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 15
SPECS = 1000

ONE_SPEC = ("-m", "ftspec", "lint", str(ROOT / "specs" / "yelp_bert.yaml"))
LIBRARIES = ("-c", "import click, pluggy, yaml, pydantic")
MODELS = ("-c", "import click, pluggy, yaml\nfrom pydantic import BaseModel")
ARGUMENTS = (
    "-c",
    "from transformers import TrainingArguments\nTrainingArguments(output_dir='x', use_cpu=True)",
)


def main() -> None:
    """Measure, print, write."""
    commands = {
        "python -c pass": ("-c", "pass"),
        "import click, pluggy, yaml, pydantic": LIBRARIES,
        "… and pydantic's BaseModel, which pydantic imports late": MODELS,
        "ftspec lint, one spec": ONE_SPEC,
        "build transformers.TrainingArguments, to hear of a typo": ARGUMENTS,
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            seconds[name].append(measure(command))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    many, one = measure_many()
    base = medians["import click, pluggy, yaml, pydantic"]
    print("| command | median, ms | ÷ importing the libraries |")
    print("|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {1000 * median:.0f} | {median / base:.2f} |")
    each = 1000 * (many - one) / SPECS
    print(f"\n{SPECS} specs in one call: {many:.2f} s, {each:.2f} ms for each")
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    record = {
        "machine": platform.platform(),
        "python": platform.python_version(),
        "rounds": ROUNDS,
        "seconds": medians,
        "specs": SPECS,
        "seconds_for_all": many,
    }
    (results / "lint_speed.json").write_text(json.dumps(record, indent=2) + "\n")


def measure(command: tuple[str, ...]) -> float:
    """Seconds one command takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - began


def measure_many() -> tuple[float, float]:
    """Seconds for many specs in one call, and for one."""
    text = (ROOT / "specs" / "wikitext_gpt2.yaml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(SPECS):
            Path(folder, f"{number}.yaml").write_text(text, encoding="utf-8")
        many = measure(("-m", "ftspec", "lint", folder))
        return many, measure(("-m", "ftspec", "lint", str(Path(folder, "0.yaml"))))


if __name__ == "__main__":
    main()
