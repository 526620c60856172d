"""Specs over conversations, linted and run by the functions that the command line uses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import datasets
import pytest
import torch

from ftspec.engine.compile import CompiledRun, compile_run
from ftspec.engine.opening import start_run
from ftspec.engine.progress import RunLog
from ftspec.linting import examine
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText

sys.path.append(str(Path(__file__).parent))

from conversations import DATA, MESSAGES, PREFERENCE, ROWS, SPEC, TEMPLATE, Silent


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache that no earlier session filled, and one thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTSPEC_CACHE", str(tmp_path_factory.mktemp("ftspec")))
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets"))
        torch.set_num_threads(1)
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

    def plan(text: str) -> Plan:
        verdict = examine(
            SourceText("spec.yaml", text), build_registry(), output_dir=tmp_path / "runs"
        )
        assert verdict.plan is not None, [str(found) for found in verdict.diagnostics]
        assert verdict.is_sound, [str(found) for found in verdict.diagnostics]
        return verdict.plan

    return plan


@pytest.fixture
def compiled(plan_of: Callable[[str], Plan]) -> Callable[[str], CompiledRun]:
    """A spec compiled, ready to train."""

    def compile_spec(text: str) -> CompiledRun:
        plan = plan_of(text)
        run_dir = start_run(plan, text)
        watcher = Silent()
        with RunLog(run_dir.log, watcher) as log:
            run = compile_run(plan, run_dir, log)
        run.trainer.notes = watcher.notes  # type: ignore[attr-defined]
        return run

    return compile_spec
