"""An export that fails names the file, and leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.engine.artifacts.export import copy_model, export
from ftspec.errors import RunError
from ftspec.manifest import write_manifest
from ftspec.rundir import RunDirectory
from tests.unit.conftest import MINIMAL, PlanOf


def test_full_disk_is_named_as_any_library_says_it(plan_of: PlanOf, tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        raise RuntimeError("I/O error: No space left on device (os error 28)")

    with pytest.raises(RunError, match=f'cannot write "{tmp_path}'):
        export(plan_of(MINIMAL), RunDirectory(tmp_path), tmp_path / "out", write)
    assert [*tmp_path.iterdir()] == []


def test_other_errors_stay(plan_of: PlanOf, tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        export(plan_of(MINIMAL), RunDirectory(tmp_path), tmp_path / "out", write)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_files_that_cannot_be_copied_are_one_reason(tmp_path: Path) -> None:
    run_dir = RunDirectory(tmp_path)
    run_dir.model.mkdir()
    for name in ("a", "b"):
        (run_dir.model / name).write_text(name)
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / name).symlink_to("/dev/full")
    write_manifest(run_dir.model)
    with pytest.raises(OSError, match="No space left on device") as caught:
        copy_model(run_dir, tmp_path / "out")
    assert Path(caught.value.filename).parent == tmp_path / "out"
