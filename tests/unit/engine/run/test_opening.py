"""The run that ``--resume auto`` goes on with, and what is said of those that it passes over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ftspec.engine.run.opening import Unfinished, find_unfinished, restore_files, start_run
from ftspec.manifest import write_manifest
from ftspec.ownership import take
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory, Status
from tests.unit.conftest import MINIMAL, PlanOf


@pytest.fixture
def plan(plan_of: PlanOf, tmp_path: Path) -> Plan:
    return replace(plan_of(MINIMAL), output_dir=tmp_path)


def started(plan: Plan, status: Status = "interrupted", *, has_checkpoint: bool = True) -> Path:
    """The folder of one more run, newer than those before."""
    made = start_run(plan, MINIMAL).path
    number = len(list(made.parent.iterdir()))
    run_dir = RunDirectory(made.rename(made.with_name(f"run-{number}")))
    if has_checkpoint:
        folder = run_dir.checkpoints / "checkpoint-2"
        folder.mkdir(parents=True)
        (folder / "trainer_state.json").write_text("{}")
        (folder / "optimizer.pt").write_text("its state")
        write_manifest(folder)
    run_dir.set_status(status, plan=plan.digest())
    return run_dir.path


def said_of(found: Unfinished) -> list[str]:
    if found.ownership is not None:
        found.ownership.release()
    return [f"{one.folder.name} {one.reason}" for one in found.passed_over]


def test_newest_run_goes_on_and_is_owned(plan: Plan) -> None:
    started(plan)
    newest = started(plan)
    found = find_unfinished(plan)
    assert found.run_dir == RunDirectory(newest)
    assert found.run_dir.is_running()
    assert said_of(found) == []
    assert not found.run_dir.is_running()


def test_each_run_that_is_passed_over_is_named_with_a_reason(plan: Plan) -> None:
    good = started(plan, "failed")
    started(plan, "finished")
    for seed in (7, 8):
        other = started(replace(plan, seed=seed))
    empty = started(plan, has_checkpoint=False)
    damaged = started(plan)
    (damaged / "status.json").write_text("{")
    owned = started(plan)
    ownership = take(owned)
    try:
        found = find_unfinished(plan)
    finally:
        ownership.release()
    assert found.run_dir == RunDirectory(good)
    said = said_of(found)
    assert said[0].startswith(f"{owned.name} process ")
    assert said[0].endswith(" has it")
    assert said[1:] == [
        f"{damaged.name} its status.json is damaged",
        f"{empty.name} it has no whole checkpoint",
        f"{other.name} it has another plan, as others have (see: ftspec diff {other} SPEC)",
    ]


def test_run_whose_checkpoint_has_a_changed_byte_does_not_block_the_next(plan: Plan) -> None:
    good = started(plan)
    damaged = started(plan)
    (damaged / "checkpoints" / "checkpoint-2" / "trainer_state.json").write_text("[]")
    found = find_unfinished(plan)
    assert found.run_dir == RunDirectory(good)
    assert said_of(found) == [f"{damaged.name} it has no whole checkpoint"]


def test_where_nothing_can_go_on_the_reasons_remain(plan: Plan) -> None:
    empty = started(plan, has_checkpoint=False)
    found = find_unfinished(plan)
    assert found.run_dir is None
    assert said_of(found) == [f"{empty.name} it has no whole checkpoint"]


@pytest.mark.parametrize("text", [None, "", "name: [", "name: small", "\x00"])
def test_what_a_run_wrote_when_it_began_is_written_again(plan: Plan, text: str | None) -> None:
    run_dir = RunDirectory(started(plan))
    whole = run_dir.resolved_spec.read_text(encoding="utf-8")
    run_dir.resolved_spec.unlink() if text is None else run_dir.resolved_spec.write_text(text)
    (run_dir.path / "plan.json").write_text("7")
    restore_files(plan, run_dir)
    assert run_dir.resolved_spec.read_text(encoding="utf-8") == whole
    assert run_dir.read_json("plan.json") == plan.to_json()


def test_runs_in_another_folder_change_no_file(plan: Plan, tmp_path: Path) -> None:
    run_dir = RunDirectory(started(plan))
    whole = run_dir.resolved_spec.read_text(encoding="utf-8")
    restore_files(replace(plan, output_dir=tmp_path / "other"), run_dir)
    assert run_dir.resolved_spec.read_text(encoding="utf-8") == whole
