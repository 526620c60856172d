"""A full disk is named with its path, and the run has failed."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from ftspec.engine.progress.full_disk import full_disk_in
from ftspec.engine.progress.outcome import RunFailedError
from ftspec.rundir import RunDirectory


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_the_file_and_its_disk_are_named(tmp_path: Path, number: int) -> None:
    said = full_disk_in(OSError(number, "no", str(tmp_path / "file")), Path("/"))
    assert said is not None
    assert said.startswith(f'cannot write "{tmp_path / "file"}" (disk "/')


def test_what_libraries_make_of_it_is_known(tmp_path: Path) -> None:
    error = RuntimeError("I/O error: No space left on device (os error 28)")
    assert str(tmp_path) in str(RunFailedError(error, RunDirectory(tmp_path)))
    outer = ValueError("cannot save")
    outer.__cause__ = OSError(errno.ENOSPC, "no")
    assert full_disk_in(outer, tmp_path) is not None
    assert full_disk_in(ValueError("no such label"), tmp_path) is None


def test_the_status_needs_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ftspec.engine.run.record import RunRecord

    run_dir = RunDirectory(tmp_path)
    run_dir.set_status("training", plan="x", more="y" * 100)

    class Full(RunDirectory):
        def write_text(self, name: str, text: str) -> None:
            raise OSError(errno.ENOSPC, "no")

    class Digest:
        def digest(self) -> str:
            return "x"

    plan: Any = Digest()
    unused: Any = None
    RunRecord(plan, Full(tmp_path), unused, unused).interrupt()
    status = json.loads((tmp_path / "status.json").read_text(encoding="utf-8"))
    assert (status["status"], status["more"]) == ("interrupted", "y" * 100)
