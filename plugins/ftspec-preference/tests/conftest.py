"""Specs over conversations: plans, and compiled runs."""

from __future__ import annotations

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

from conversations import DATA, MESSAGES, PREFERENCE, ROWS, SPEC, TEMPLATE


@pytest.fixture(autouse=True, scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """New caches, one thread, and no Hub."""
    with isolated_machine(tmp_path_factory.mktemp("machine")):
        yield


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """A spec of one of the tasks."""

    def write_spec(
        task: str,
        template: str = "",
        keys: str = "",
        training: str = "",
        *,
        chat_template: str = TEMPLATE,
        rows: Path | None = None,
        max_length: int = 200,
        batching: str = "padded",
    ) -> str:
        (tmp_path / "template.jinja").write_text(chat_template)
        return SPEC.format(
            task=task,
            template=template or (MESSAGES if task == "chat" else PREFERENCE),
            rows=rows or DATA / ROWS[task],
            keys=keys,
            training=training,
            chat_template=tmp_path / "template.jinja",
            max_length=max_length,
            batching=batching,
        )

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
