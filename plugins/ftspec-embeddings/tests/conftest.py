"""Specs of the task: plans, and compiled runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ftspec.api import Plan
from ftspec.testing.runs import (
    CompiledRun,
    Listener,
    compile_plan,
    isolated_machine,
    plan_spec,
)

sys.path.append(str(Path(__file__).parent))

from pairs import PAIR, PAIRS, SPEC


@pytest.fixture(autouse=True, scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """New caches, one thread, and no Hub."""
    with isolated_machine(tmp_path_factory.mktemp("machine")):
        yield


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """The pairs, each with a wrong definition and a score."""
    path = tmp_path / "rows.jsonl"
    lines = []
    for index, (word, gloss) in enumerate(PAIRS):
        other = PAIRS[(index + 3) % len(PAIRS)][1]
        row = {"word": word, "gloss": gloss, "other": other, "score": index % 2}
        lines.append(json.dumps(row) + "\n")
    path.write_text("".join(lines))
    return path


@pytest.fixture
def write(rows: Path) -> Callable[..., str]:
    """A spec over the rows."""

    def write_spec(template: str = PAIR, task: str = "", training: str = "") -> str:
        return SPEC.format(rows=rows, template=template, task=task, training=training)

    return write_spec


@pytest.fixture
def plan_of(tmp_path: Path) -> Callable[[str], Plan]:
    """The plan of a spec without errors."""

    return lambda text: plan_spec(text, tmp_path / "runs")


@pytest.fixture
def compiled(plan_of: Callable[[str], Plan]) -> Callable[[str], CompiledRun]:
    """A spec compiled, ready to train."""

    def compile_spec(text: str) -> CompiledRun:
        listener = Listener()
        run = compile_plan(plan_of(text), listener)
        run.trainer.notes = listener.notes  # type: ignore[attr-defined]
        return run

    return compile_spec
