"""Workers load the same steps, evaluate the rows that they are given, and end when done."""

from __future__ import annotations

import multiprocessing

import pytest

from ftspec.engine.run.compile import CompiledRun
from tests.engine.running import Engine, steps_in
from tests.engine.specs import ACCUMULATED, spec_of

pytestmark = pytest.mark.slow

PERSISTENT = ("training.dataloader_num_workers=1", "training.dataloader_persistent_workers=true")
VALIDATED = 'data.splits={train: "train[:32]", validation: "train[32:42]"}'


def test_workers_load_the_same_steps(engine: Engine, request: pytest.FixtureRequest) -> None:
    spec = spec_of(request, "single-label")
    alone = engine.train(spec, *ACCUMULATED)
    more = ("training.dataloader_num_workers=2", "training.dataloader_prefetch_factor=2")
    loaded = engine.train(spec, *ACCUMULATED, *more)

    assert [one["loss"] for one in steps_in(loaded)] == [one["loss"] for one in steps_in(alone)]


@pytest.fixture(params=["padded", "exact"])
def run(engine: Engine, request: pytest.FixtureRequest) -> CompiledRun:
    """One with workers that persist, which evaluates after each epoch."""
    more = (f"performance.batching={request.param}", "training.eval_strategy=epoch")
    return engine.compile(spec_of(request, "single-label"), VALIDATED, *PERSISTENT, *more)


def test_workers_that_persist_evaluate_the_rows_that_they_are_given(run: CompiledRun) -> None:
    for rows in (run.data.encoded["validation"], run.data.encoded["train"]):
        batches = run.trainer.get_eval_dataloader(rows)

        assert sum(len(batch["labels"]) for batch in batches) == len(rows)


def test_workers_that_persist_end_when_done(run: CompiledRun) -> None:
    """Those of training while its loader is still there, those of an evaluation with it."""
    before = set(multiprocessing.active_children())
    at_once: list[int] = []
    learn = run.trainer.training_step

    def count_workers(*arguments: object) -> object:
        at_once.append(len(set(multiprocessing.active_children()) - before))
        return learn(*arguments)  # type: ignore[arg-type]

    run.trainer.training_step = count_workers  # type: ignore[method-assign, assignment]
    run.trainer.train()

    assert set(at_once) == {1}
    assert set(multiprocessing.active_children()) == before


def test_workers_end_where_a_step_fails(engine: Engine, request: pytest.FixtureRequest) -> None:
    run = engine.compile(spec_of(request, "single-label"), *PERSISTENT)
    before = set(multiprocessing.active_children())

    def fail(*arguments: object) -> object:
        raise ValueError("no step today")

    run.trainer.training_step = fail  # type: ignore[method-assign, assignment]
    with pytest.raises(ValueError, match="no step today") as caught:
        run.trainer.train()

    assert caught.value.__traceback__ is not None  # which holds what the steps held
    assert set(multiprocessing.active_children()) == before
