"""What an installed plugin costs ``ftspec lint``, beside the lint without any.

Run ``python benchmarks/plugin_cost.py``; it prints a Markdown table and writes
``benchmarks/results/plugin_cost.json``. The plugins are light, as each must be: a module of
records, a module of configs with one class of three keys, and a check. Time is the processor's, and
runs are interleaved, so that a busy machine slows all alike.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SPEC = ROOT / "specs" / "yelp_bert.yaml"
COUNTS = (0, 1, 10, 50)
ROUNDS = 15
BUDGET = 5.0
"""Milliseconds a plugin may take."""

PLUGIN = """\
from {name}.config import TrimConfig
from ftspec.api import TransformComponent, hookimpl


@hookimpl
def ftspec_register_transforms():
    yield TransformComponent(
        name="{name}", summary="cut texts", config=TrimConfig, factory="{name}.trim:Trim"
    )


@hookimpl
def ftspec_check_plan(plan, spans):
    return []
"""
CONFIG = """\
from ftspec.api import ComponentConfig, Field


class TrimConfig(ComponentConfig):
    column: str = Field(description="the column to cut")
    length: int = Field(default=100, ge=1, description="characters to keep")
    mark: str | None = Field(default=None, description="what stands where it was cut")
"""


def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as folder:
        sites = {count: install(Path(folder, str(count)), count) for count in COUNTS}
        for site in sites.values():  # compile the modules
            measure(site)
        seconds: dict[int, list[float]] = {count: [] for count in COUNTS}
        for _ in range(ROUNDS):
            for count, site in sites.items():
                seconds[count].append(measure(site))
    medians = {count: statistics.median(times) for count, times in seconds.items()}
    bare = medians[0]
    print("| plugins | median, ms | ÷ no plugin | ms for each plugin |")
    print("|---|---|---|---|")
    for count, median in medians.items():
        each = f"{1000 * (median - bare) / count:.2f}" if count else ""
        print(f"| {count} | {1000 * median:.0f} | {median / bare:.2f} | {each} |")
    most = max(COUNTS)
    print(f"\nbudget: {BUDGET:.0f} ms for each plugin")
    record = {
        "machine": platform.platform(),
        "python": platform.python_version(),
        "rounds": ROUNDS,
        "seconds": medians,
        "milliseconds_for_each_of_many": 1000 * (medians[most] - bare) / most,
    }
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "plugin_cost.json").write_text(json.dumps(record, indent=2) + "\n")


def install(site: Path, count: int) -> Path:
    """A folder with that many plugins, as pip leaves them."""
    site.mkdir()
    for number in range(count):
        name = f"synthetic{number}"
        (site / name).mkdir()
        (site / name / "__init__.py").write_text("")
        (site / name / "plugin.py").write_text(PLUGIN.format(name=name))
        (site / name / "config.py").write_text(CONFIG)
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[ftspec]\n{name} = {name}.plugin\n")
    return site


def measure(site: Path) -> float:
    """Processor seconds that linting one spec takes with these plugins; it must stay clean."""
    began = _children_seconds()
    done = subprocess.run(
        [sys.executable, "-m", "ftspec", "lint", str(SPEC)],
        env=os.environ | {"PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds = _children_seconds() - began
    assert "no problems found" in done.stderr, done.stderr
    return seconds


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
