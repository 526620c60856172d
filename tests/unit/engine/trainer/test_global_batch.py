"""The rows of a step, divided among processes, devices and accumulated batches."""

from __future__ import annotations

import itertools
import math
from dataclasses import fields

import pytest
from transformers import TrainingArguments

from ftspec.engine.trainer.global_batch import GlobalBatch, global_batch
from ftspec.errors import RunError
from ftspec.spec.training import GLOBAL_BATCH_SIZE
from tests.unit.conftest import PlanOf

DIVIDED = [
    GlobalBatch(rows=rows, processes=processes, devices=devices, most_rows=most)
    for rows, processes, devices, most in itertools.product(
        (1, 7, 8, 12, 30, 64, 97, 512), (1, 2, 3, 4, 8), (1, 2), (None, 1, 3, 8, 1000)
    )
    if rows >= processes and (processes == 1 or devices == 1)
]


@pytest.mark.parametrize("batch", DIVIDED, ids=repr)
def test_every_row_is_in_one_batch(batch: GlobalBatch) -> None:
    of_process = batch.rows_of_batch * batch.accumulation
    assert of_process == batch.share == math.ceil(batch.rows / batch.processes)
    if batch.is_even:
        assert of_process * batch.processes == batch.rows


@pytest.mark.parametrize("batch", DIVIDED, ids=repr)
def test_a_device_has_no_more_rows_than_the_limit(batch: GlobalBatch) -> None:
    limit = math.inf if batch.most_rows is None else batch.most_rows
    assert batch.rows_at_once <= limit * batch.devices
    if batch.is_even:
        assert batch.arguments["per_device_train_batch_size"] <= limit
        assert batch.arguments["gradient_accumulation_steps"] == batch.accumulation


def test_as_few_batches_as_the_limit_allows() -> None:
    assert GlobalBatch(rows=16, processes=1, most_rows=4).accumulation == 4
    assert GlobalBatch(rows=16, processes=2, most_rows=4).accumulation == 2
    assert GlobalBatch(rows=16, processes=4, most_rows=4).accumulation == 1
    assert GlobalBatch(rows=12, processes=1, most_rows=5).accumulation == 3


def test_uneven_shares_need_steps_that_are_split() -> None:
    with pytest.raises(RunError) as error:
        GlobalBatch(rows=10, processes=4).require_even()
    assert error.value.slug == "uneven-batches"
    assert "write 8 or 12" in error.value.helps[0]
    GlobalBatch(rows=12, processes=4).require_even()


def test_more_processes_than_rows(plan_of: PlanOf, minimal_spec: str) -> None:
    plan = plan_of(f"{minimal_spec}training: {{{GLOBAL_BATCH_SIZE}: 3}}\n")
    with pytest.raises(RunError) as error:
        global_batch(plan, processes=4)
    assert error.value.slug == "uneven-batches"
    assert str(error.value) == "a step has fewer rows than there are processes: 3 and 4"


def test_a_spec_that_sets_the_batch_of_a_device_has_none(
    plan_of: PlanOf, minimal_spec: str
) -> None:
    assert global_batch(plan_of(minimal_spec), processes=2) is None


def test_transformers_has_no_argument_of_this_name() -> None:
    """If it takes the name, the key of the spec must mean what transformers means by it."""
    assert GLOBAL_BATCH_SIZE not in {field.name for field in fields(TrainingArguments)}
