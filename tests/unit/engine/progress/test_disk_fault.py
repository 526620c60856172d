"""A full disk is named with its path, and the run has failed."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from ftspec.engine.progress.disk_fault import disk_fault_in
from ftspec.engine.progress.outcome import RunFailedError
from ftspec.rundir import RunDirectory


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_the_file_and_its_disk_are_named(tmp_path: Path, number: int) -> None:
    said = disk_fault_in(OSError(number, "no", str(tmp_path / "file")), Path("/"))
    assert said is not None
    assert said.text.startswith(f'cannot write "{tmp_path / "file"}" (disk "/')


def test_what_libraries_make_of_it_is_known(tmp_path: Path) -> None:
    for words in ("No space left on device (os error 28)", "fail at inline_container.cc:672"):
        error = RuntimeError(f"I/O error: {words}")
        assert str(tmp_path) in str(RunFailedError(error, RunDirectory(tmp_path)))
    outer = ValueError("cannot save")
    outer.__cause__ = OSError(errno.ENOSPC, "no")
    assert disk_fault_in(outer, tmp_path) is not None
    assert disk_fault_in(ValueError("no such label"), tmp_path) is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENOTDIR])
@pytest.mark.parametrize(
    ("variable", "inner"),
    [
        ("FTSPEC_CACHE", "prepared/x.arrow"),
        ("HF_HOME", "hub/models--x"),
        ("HF_DATASETS_CACHE", "json/default"),
    ],
)
def test_cache_is_named_with_its_variable(
    number: int, variable: str, inner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FTSPEC_CACHE", "HF_HOME", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    error = OSError(number, "no", str(tmp_path / variable / inner))
    fault = disk_fault_in(error, Path("/runs"))
    assert fault is not None
    assert fault.helps == (f"set another folder in the environment: {variable}=DIR",)
    assert RunFailedError(error, RunDirectory(tmp_path / "run")).helps == fault.helps


def test_closed_file_of_nobody_is_no_fault_of_a_disk() -> None:
    assert disk_fault_in(PermissionError(errno.EACCES, "no", "/etc/x"), Path("/runs")) is None


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
