"""A run directory as a checkpoint, as lint sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.rundir import RunDirectory
from tests.unit.conftest import MINIMAL, Diagnose


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDirectory:
    found = RunDirectory(tmp_path / "runs" / "reviews" / "20260101T120000Z-1a2b3c4d")
    found.model.mkdir(parents=True)
    (found.model / "config.json").write_text('{"model_type": "bert", "max_position_embeddings": 8}')
    found.resolved_spec.write_text("ftspec: 1\n")
    return found


def spec_of(folder: Path) -> str:
    assert "checkpoint: acme/bert" in MINIMAL
    return MINIMAL.replace("acme/bert", f'"{folder}"') + "tokenizer: {max_length: 16}\n"


@pytest.mark.parametrize("status", ["interrupted", "failed", "training"])
def test_a_run_that_is_not_finished(diagnose: Diagnose, run_dir: RunDirectory, status: str) -> None:
    run_dir.set_status(status)  # type: ignore[arg-type]
    found = diagnose(spec_of(run_dir.path))
    assert "9:21 unfinished-run" in found
    assert "9:21 unfinished-run" in diagnose(spec_of(run_dir.model))


def test_a_finished_run_is_read_like_its_model(diagnose: Diagnose, run_dir: RunDirectory) -> None:
    run_dir.set_status("finished")
    found = diagnose(spec_of(run_dir.path))
    assert not any("unfinished-run" in one or "missing-file" in one for one in found)
    assert any("max-length" in one for one in found)


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_status_that_cannot_be_read(diagnose: Diagnose, run_dir: RunDirectory, text: str) -> None:
    (run_dir.path / "status.json").write_text(text)
    assert any("unfinished-run" in one for one in diagnose(spec_of(run_dir.path)))
