"""The latest whole checkpoint of a run, and those that are passed over."""

from __future__ import annotations

import json
from pathlib import Path

from ftspec.checkpoints import drop_optimizers, find_checkpoints, set_aside
from ftspec.manifest import find_damage, write_manifest
from ftspec.rundir import RunDirectory


def save(run: RunDirectory, step: int) -> Path:
    folder = run.checkpoints / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_text(f"weights {step}")
    state = {"global_step": step, "max_steps": 100}
    (folder / "trainer_state.json").write_text(json.dumps(state))
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


def test_without_its_optimizer_only_the_last_step_is_gone_on_from(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    earlier, last = save(run, 50), save(run, 100)
    (last / "optimizer_0").mkdir()
    (last / "optimizer_0" / "shard.distcp").write_text("sharded")
    write_manifest(last)
    drop_optimizers(run)
    for folder in (earlier, last):
        names = {path.name for path in folder.rglob("*") if path.is_file()}
        assert names == {"model.safetensors", "trainer_state.json", "manifest.json"}
        assert find_damage(folder) is None
    assert find_checkpoints(run) == (last, ())

    (last / "model.safetensors").unlink()
    found = find_checkpoints(run)
    assert found.whole is None
    assert "has no state of the optimizer" in found.damaged[1].damage
    assert find_checkpoints(run, to_train=False).whole == earlier


def test_the_state_stays_if_the_last_step_has_no_checkpoint(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    kept = save(run, 99)
    drop_optimizers(run)
    assert (kept / "optimizer.pt").is_file()
    assert find_checkpoints(run) == (kept, ())


def test_a_damaged_manifest_is_not_repaired(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    (save(run, 100) / "manifest.json").write_text("{")
    drop_optimizers(run)
    assert find_damage(run.checkpoints / "checkpoint-100") == '"manifest.json" cannot be read'
