"""What an installed plugin adds to the time of ``ftspec lint``.

The plugins are as light as plugins must be: a module of records, a module of configs with one class
of three keys, and a check. The goal is at most 5 ms for each plugin.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import python, run_interleaved
from benchmarks.rows import Row, compare

COUNTS = (0, 1, 10, 50)

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


def measure(rounds: int) -> Iterator[Row]:
    """CPU time by the number of plugins, and the part of each plugin."""
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            _case(count): python(
                *("-m", "ftspec", "lint", "specs/yelp_bert.yaml"),
                says="no problems found",
                PYTHONPATH=str(install(Path(folder, str(count)), count)),
            )
            for count in COUNTS
        }
        used = run_interleaved(commands, rounds)
    times = {case: [1000 * one.processor for one in usages] for case, usages in used.items()}
    each = {
        _case(count): [
            (some - none) / count
            for some, none in zip(times[_case(count)], times[_case(0)], strict=True)
        ]
        for count in COUNTS[1:]
    }
    yield from compare("CPU time, ms", times, to=_case(0))
    yield from compare("for each plugin, ms", each)


def _case(count: int) -> str:
    return f"{count or 'no'} plugin{'s' if count > 1 else ''}"


def install(site: Path, count: int) -> Path:
    """A folder with that many plugins, as pip installs them."""
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
