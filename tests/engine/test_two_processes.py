"""Two processes with 4 rows each learn what one process learns from 8."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.multiprocessing import ProcessRaisedException

from tests.engine.gradients import assert_equal
from tests.engine.running import Logs, steps_in
from tests.engine.two_processes import (
    CASES,
    IN_PARTS,
    IN_PARTS_OF_LITTLE_MEMORY,
    LITTLE_MEMORY,
    SEVEN,
    STEPS,
    STREAM,
    UNEVEN,
    UNEVEN_STREAM,
    UNLOGGED,
    launch,
    train_all,
    train_each,
    train_exactly,
    train_without_memory,
)

pytestmark = pytest.mark.slow

LIKE = {
    "equal counts": "t5",
    STREAM: "t5",
    UNEVEN: "t5",
    UNEVEN_STREAM: "t5",
    IN_PARTS: "t5",
    IN_PARTS_OF_LITTLE_MEMORY: "gpt2",
    "no padding": "gpt2",
    "layers of text": "bert",
} | {f"{name} in little memory": name for name in LITTLE_MEMORY}
"""What two processes compute another way, and the model for which one computes the same."""

Logged = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory,
    bert: Path,
    gpt2: Path,
    t5: Path,
    glosses: Path,
    paragraphs: Path,
    summaries: Path,
) -> Path:
    """The models and their rows."""
    folder = tmp_path_factory.mktemp("two_processes")
    shutil.copytree(bert, folder / "bert")
    shutil.copytree(gpt2, folder / "gpt2")
    shutil.copytree(t5, folder / "t5")
    shutil.copy(glosses, folder / "glosses.jsonl")
    shutil.copy(paragraphs, folder / "paragraphs.jsonl")
    shutil.copy(summaries, folder / "summaries.jsonl")
    return folder


@pytest.fixture(scope="module")
def by_one(folder: Path) -> Logged:
    """What one process logs."""
    return train_all(folder, processes=1)


@pytest.fixture(scope="module")
def by_two(folder: Path) -> Logged:
    """What two processes log."""
    launch(train_each, folder)
    logs: Logged = json.loads((folder / "logs.json").read_text(encoding="utf-8"))
    return logs


@pytest.mark.parametrize("accumulation", [1, 2])
@pytest.mark.parametrize("model", CASES)
def test_two_processes_learn_the_same(
    by_one: Logged, by_two: Logged, model: str, accumulation: int
) -> None:
    assert_learned_the_same(by_two[f"{model} x {accumulation}"], by_one[f"{model} x 1"])


def test_two_processes_read_one_stream(by_one: Logged, by_two: Logged) -> None:
    """Batches that are padded to different widths, which no process distributes."""
    assert_learned_the_same(by_two[STREAM], by_one[STREAM])


def test_two_processes_know_the_mean_loss_of_steps_that_are_not_logged(
    by_one: Logged, by_two: Logged
) -> None:
    """The Trainer adds what is left when training ends in each process for itself."""
    two, one = (logs[UNLOGGED][-2]["train_loss"] for logs in (by_two, by_one))
    assert two == pytest.approx(one, rel=1e-5)


@pytest.mark.parametrize("run", [*(f"{model} x 1" for model in CASES), STREAM])
def test_two_processes_evaluate_the_same(by_one: Logged, by_two: Logged, run: str) -> None:
    """The launcher gives some rows twice, so that every process has as many; they count once."""
    one, two = by_one[run], by_two[run]

    assert evaluated_loss(two) == pytest.approx(evaluated_loss(one), rel=1e-5)


@pytest.mark.parametrize("name", [*CASES, *LIKE])
def test_two_processes_share_the_rows_of_exact_batching(
    folder: Path, by_two: Logged, name: str
) -> None:
    """In double precision the gradient is that of one process to nine digits, also at the last
    step, whose one row leaves one process without any, and where one process has to retry steps
    while the other waits for it."""
    model = LIKE.get(name, name)
    by_two_exactly, batches, evaluated, passes = torch.load(folder / "exact.pt")[name]
    by_one_exactly, batches_of_one, evaluated_by_one, _ = train_exactly(
        folder,
        model,
        processes=1,
        streams=name in (STREAM, UNEVEN_STREAM),
        rows_of_step=SEVEN if name in (UNEVEN, UNEVEN_STREAM) else None,
    )

    assert len(by_one_exactly) == STEPS
    assert_equal(by_two_exactly, by_one_exactly)
    assert evaluated == pytest.approx(evaluated_by_one, rel=1e-6)
    assert min(batches) >= STEPS  # each is there when the gradients of a step are put together
    assert sum(batches) >= batches_of_one[0] > STEPS
    if name == "equal counts":
        assert batches[0] == batches[1]
        assert passes[0] == passes[1]


def test_memory_that_runs_out_where_no_process_can_retry(folder: Path) -> None:
    """As under engines that shard weights: no process waits for ever, and the keys are named."""
    said = "RunError: memory ran out in training where smaller micro-batches"
    with pytest.raises(ProcessRaisedException, match=said):
        launch(train_without_memory, folder)


def assert_learned_the_same(two: Logs, one: Logs) -> None:
    """The loss and the gradient of each step."""
    steps, expected = steps_in(two), steps_in(one)
    assert len(steps) == len(expected) == STEPS
    for name in ("loss", "grad_norm"):
        values = [record[name] for record in expected]
        assert [record[name] for record in steps] == pytest.approx(values, rel=1e-5), name


def evaluated_loss(logs: Logs) -> float:
    """The loss of the one evaluation."""
    return next(record["eval_loss"] for record in logs if "eval_loss" in record)
