"""A run whose spec sets the rows of a step for all processes goes on with any number of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from tests.cli import specs
from tests.cli.placing import SPEC, placed, spec_with_checkpoints
from tests.cli.warm import Warm

pytestmark = pytest.mark.slow

GLOBAL = SPEC.replace("per_device_train_batch_size: 4", "global_batch_size: 7").replace(
    "max_steps: 8", "max_steps: 9\n  save_strategy: steps\n  save_steps: 3"
)
"""Seven rows cannot be shared evenly by two processes, and the sixth step is the last of an epoch,
which has five rows."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world_sizes")
    specs.write_data(folder)
    (folder / "run.yaml").write_text(GLOBAL, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def env(local: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    cache = str(tmp_path_factory.mktemp("cache"))
    return local | {"GLOO_SOCKET_IFNAME": "lo", "FTSPEC_CACHE": cache}


@pytest.fixture(scope="module")
def by_one(warm: Warm, folder: Path, env: dict[str, str]) -> Path:
    """The run of one process, from beginning to end."""
    options = ("--output-dir", folder / "one", "--set", "output.keep_optimizer=true")
    done = warm.ftspec("run", folder / "run.yaml", *options, env=env)
    assert done.code == 0, done.said
    [run_dir] = (folder / "one" / "small").iterdir()
    return run_dir


def left_at(run_dir: Path, step: int, copy: Path) -> Path:
    """A copy of a run as a kill leaves it after the checkpoint of this step."""
    shutil.copytree(run_dir, copy)
    for checkpoint in (copy / "checkpoints").glob("checkpoint-*"):
        if int(checkpoint.name.rpartition("-")[2]) > step:
            shutil.rmtree(checkpoint)
    shutil.rmtree(copy / "model")
    status = json.loads((copy / "status.json").read_text(encoding="utf-8"))
    (copy / "status.json").write_text(json.dumps({**status, "status": "training"}))
    return copy


def lock_of(run_dir: Path) -> Any:
    return json.loads((run_dir / "lock.json").read_text(encoding="utf-8"))


def test_one_process_then_two_then_one(
    by_one: Path, warm: Warm, folder: Path, env: dict[str, str]
) -> None:
    arguments = ("run", folder / "run.yaml", "--set", "output.keep_optimizer=true", "--resume")
    by_two = left_at(by_one, 3, folder / "by_two")
    first, second = placed(warm, *arguments, by_two, env=env)
    assert first.code == second.code == 0, first.said + second.said
    assert "the run had 1 process so far, and goes on with 2" in first.err
    assert "a step has 7 rows, shared by 2 processes" in first.err
    assert lock_of(by_two)["processes"] == 1
    assert lock_of(by_two)["resumes"] == [{"processes": 2}]

    again = left_at(by_two, 6, folder / "again")
    done = warm.ftspec(*arguments, again, env=env)
    assert done.code == 0, done.said
    assert "the run had 2 processes so far, and goes on with 1" in done.err
    assert lock_of(again)["resumes"] == [{"processes": 2}, {"processes": 1}]

    expected = load_file(by_one / "model" / "model.safetensors")
    for run_dir in (by_two, again):
        weights = load_file(run_dir / "model" / "model.safetensors")
        assert weights.keys() == expected.keys()
        for name, tensor in expected.items():
            assert (weights[name] - tensor).abs().max() < 1e-5, name


@pytest.mark.parametrize(
    ("logging_steps", "rows", "stop"),
    [(1, 40, 6), (2, 40, 6), (4, 40, 6), (1, 33, 9)],
    ids=["each step", "a step is logged", "none is logged", "next one has a single row"],
)
def test_two_processes_go_on_as_if_they_had_not_stopped(
    logging_steps: int, rows: int, stop: int, warm: Warm, folder: Path, env: dict[str, str]
) -> None:
    spec = folder / f"two-{logging_steps}-{rows}.yaml"
    text = spec_with_checkpoints(12).replace("logging_steps: 1", f"logging_steps: {logging_steps}")
    spec.write_text(text.replace("train[:40]", f"train[:{rows}]"), encoding="utf-8")
    command = ("run", spec, "--set", "output.keep_optimizer=true")
    whole = folder / f"whole-{logging_steps}-{rows}"
    first, second = placed(warm, *command, "--output-dir", whole, env=env)
    assert first.code == second.code == 0, first.said + second.said
    [run_dir] = (whole / "small").iterdir()
    resumed = left_at(run_dir, stop, folder / f"resumed-{logging_steps}-{rows}")
    first, second = placed(warm, *command, "--resume", resumed, env=env)
    assert first.code == second.code == 0, first.said + second.said

    found, expected = (load_file(one / "model" / "model.safetensors") for one in (resumed, run_dir))
    assert all(found[name].equal(tensor) for name, tensor in expected.items())
    assert losses_of(resumed) == pytest.approx(losses_of(run_dir), rel=1e-6)
    for name in ("train", "validation"):
        metrics = [
            json.loads((one / "metrics.json").read_text())[name] for one in (resumed, run_dir)
        ]
        assert metrics[0] == pytest.approx(metrics[1], rel=1e-6)


def losses_of(run_dir: Path) -> dict[int, float]:
    """The logged losses, by their steps."""
    rows = map(json.loads, (run_dir / "metrics.jsonl").read_text().splitlines())
    return {row["step"]: row["loss"] for row in rows if "loss" in row}


def test_padded_batches_cannot_be_shared_unevenly(
    warm: Warm, folder: Path, env: dict[str, str]
) -> None:
    padded = ("--set", "performance.batching=padded", "--dry-run")
    first, second = placed(warm, "run", folder / "run.yaml", *padded, env=env)
    assert first.code == second.code == 1, first.said
    assert "error[uneven-batches]: a step of 7 rows cannot be divided among 2" in first.err
    assert "write 6 or 8" in first.err
    assert second.err == ""
