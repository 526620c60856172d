"""The latest whole checkpoint of a run, and those that are passed over."""

from __future__ import annotations

from pathlib import Path

from ftspec.checkpoints import find_checkpoints, set_aside
from ftspec.manifest import write_manifest
from ftspec.rundir import RunDirectory


def save(run: RunDirectory, step: int) -> Path:
    folder = run.checkpoints / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "optimizer.pt").write_text(f"state {step}")
    write_manifest(folder)
    return folder


def test_damaged_checkpoints_are_passed_over_and_set_aside(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    whole, cut, other = save(run, 9), save(run, 100), save(run, 20)
    save(run, 3)
    (cut / "optimizer.pt").unlink()
    (other / "optimizer.pt").write_text("state ??")

    found = find_checkpoints(run)
    assert found.whole == whole
    assert list(map(str, found.damaged)) == [
        'checkpoint-100: "optimizer.pt" is missing',
        'checkpoint-20: "optimizer.pt" has other content than when it was saved',
    ]
    aside = set_aside(found.damaged)
    assert [one.name for one in aside] == ["damaged-checkpoint-100", "damaged-checkpoint-20"]
    assert all(one.is_dir() for one in aside)
    assert find_checkpoints(run) == (whole, ())


def test_no_name_is_taken_twice(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    for _ in range(2):
        (save(run, 5) / "optimizer.pt").unlink()
        set_aside(find_checkpoints(run).damaged)
    names = sorted(path.name for path in run.checkpoints.iterdir())
    assert names == ["damaged-checkpoint-5", "damaged-checkpoint-5-2"]


def test_run_without_checkpoints(tmp_path: Path) -> None:
    assert find_checkpoints(RunDirectory(tmp_path)) == (None, ())
