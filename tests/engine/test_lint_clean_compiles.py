"""A spec in which lint finds no error compiles: what can be known before is not found late."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, note
from hypothesis import strategies as st

from ftspec.document.dump import dump
from ftspec.linting import examine
from ftspec.span import SourceText
from tests.engine.generated.data import Files
from tests.engine.generated.specs import specs
from tests.engine.running import Engine
from tests.examples import examples


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, bert: Path, gpt2: Path, t5: Path) -> Files:
    """Small files and models for the specs."""
    return Files(tmp_path_factory.mktemp("files"), {"bert": bert, "gpt2": gpt2, "t5": t5})


@pytest.fixture(scope="module")
def compiling(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine for all the examples."""
    return Engine(tmp_path_factory.mktemp("compiling"))


@examples(60)
@given(data=st.data())
def test_spec_without_errors_compiles(data: Any, files: Files, compiling: Engine) -> None:
    text = dump(data.draw(specs(files)))
    verdict = examine(SourceText("spec.yaml", text), compiling.registry, environment={})
    errors = [str(one) for one in verdict.diagnostics if one.severity == "error"]
    event("refused" if errors else "compiled")
    for error in errors:
        event(error.partition("[")[2].partition("]")[0])
    if not errors:
        note(text)
        run = compiling.compile(text)
        run.trainer.create_optimizer_and_scheduler(num_training_steps=10)
