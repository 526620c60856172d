"""The run that a later attempt of a launcher goes on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ftspec.engine.run import restarted
from ftspec.engine.run.opening import start_run
from ftspec.engine.run.restarted import find_restarted, sign_run
from ftspec.errors import RunError
from ftspec.manifest import write_manifest
from ftspec.ownership import take
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory, Status
from tests.unit.conftest import MINIMAL, PlanOf


@pytest.fixture
def plan(plan_of: PlanOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "job 7")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    return replace(plan_of(MINIMAL), output_dir=tmp_path)


def begun(plan: Plan, status: Status = "failed", *, has_checkpoint: bool = True) -> RunDirectory:
    """A run that an attempt of this launch has begun."""
    run_dir = start_run(plan, MINIMAL)
    sign_run(run_dir)
    folder = run_dir.checkpoints / "checkpoint-2"
    for made in (folder, run_dir.model) if has_checkpoint else ():
        made.mkdir(parents=True)
        for name in ("trainer_state.json", "optimizer.pt"):
            (made / name).write_text("{}")
        write_manifest(made)
    run_dir.set_status(status, plan=plan.digest())
    return run_dir


@pytest.mark.parametrize("status", ["failed", "interrupted", "training", "finished"])
def test_run_of_the_attempt_before_goes_on(plan: Plan, status: Status) -> None:
    run_dir = begun(plan, status)
    found = find_restarted(plan)
    assert found.run_dir == run_dir
    assert found.ownership is not None
    found.ownership.release()


def test_run_without_a_checkpoint_begins_again_and_no_older_one_is_taken(plan: Plan) -> None:
    begun(plan)
    empty = begun(plan, has_checkpoint=False)
    found = find_restarted(plan)
    assert (found.run_dir, found.ownership) == (None, None)
    [passed_over] = found.passed_over
    assert passed_over.folder == empty.path
    assert str(passed_over).endswith("left no whole checkpoint; the run starts again")
    take(empty.path).release()


def test_other_runs_are_left_alone(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(replace(plan, seed=7))
    damaged = begun(plan)
    (damaged.path / "launch.json").write_text("{")
    assert find_restarted(plan) == (None, None, ())
    begun(plan)
    monkeypatch.delenv("TORCHELASTIC_RUN_ID")
    assert find_restarted(plan) == (None, None, ())
    unsigned = start_run(plan, MINIMAL)
    sign_run(unsigned)
    assert not (unsigned.path / "launch.json").exists()


def test_process_of_the_attempt_before_is_waited_for(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarted, "SECONDS_TO_RELEASE", 0.0)
    run_dir = begun(plan)
    ownership = take(run_dir.path)
    try:
        with pytest.raises(RunError, match="another process has the run"):
            find_restarted(plan)
    finally:
        ownership.release()
