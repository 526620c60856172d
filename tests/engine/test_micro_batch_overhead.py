"""The micro-batch overhead is measured once for a run, kept in its lock, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from ftspec.engine.batching.split_by_length import NEVER_SPLIT
from ftspec.engine.trainer import calibration
from ftspec.engine.trainer.calibration import (
    Timing,
    measure_overhead,
    overhead_tokens,
)
from ftspec.rundir import RunDirectory
from tests.engine.running import Engine, Recorder
from tests.engine.specs import AT_ONCE, spec_of

SHORT = (
    "output.keep_optimizer=true",
    "training.max_steps=4",
    "training.save_strategy=steps",
    "training.save_steps=2",
    "model.config.attn_implementation=sdpa",  # keeps padding, so that steps are split
)


def test_the_overhead_is_the_time_that_does_not_grow_with_tokens() -> None:
    # 5 ms, and 10 µs for each token
    timings = [Timing(100, 0.006), Timing(200, 0.007), Timing(1000, 0.015)]
    assert overhead_tokens(timings) == 256  # the power of four next to 500
    assert overhead_tokens([Timing(100, 0.001), Timing(1000, 0.010)]) == 1


def test_where_a_step_takes_no_longer_than_a_row_it_stays_whole() -> None:
    assert overhead_tokens([Timing(100, 0.010), Timing(1600, 0.0101)]) == 4**9
    assert overhead_tokens([Timing(100, 0.010), Timing(1600, 0.0099)]) == NEVER_SPLIT
    assert overhead_tokens([Timing(100, 0.010)]) == NEVER_SPLIT


def test_what_a_size_takes_at_first_does_not_count(
    engine: Engine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a clock by which a batch takes 30 ms and 1 µs for each token, but half a second where its
    size is new, as where kernels are loaded first, and now and then."""
    trainer: Any = engine.compile(spec_of(request, "single-label"), *AT_ONCE).trainer
    sizes: list[int] = []
    clock = 0.0

    def go_on(module: Any, arguments: Any, inputs: dict[str, torch.Tensor]) -> None:
        nonlocal clock
        ids = inputs["input_ids"]
        is_disturbed = len(ids) not in sizes or len(sizes) % 5 == 4
        clock += 0.5 if is_disturbed else 0.03 + 1e-6 * ids.numel()
        sizes.append(len(ids))

    trainer.model.register_forward_pre_hook(go_on, with_kwargs=True)
    monkeypatch.setattr(calibration.time, "perf_counter", lambda: clock)

    assert measure_overhead(trainer) == 4**7
    assert max(sizes) == 16  # the whole step: no size took four times as long as a row


@pytest.mark.parametrize("case", ["single-label", "summarization", "rows of text"])
def test_measuring_leaves_everything_as_it_was(
    engine: Engine, request: pytest.FixtureRequest, case: str
) -> None:
    trainer: Any = engine.compile(spec_of(request, case), *AT_ONCE).trainer
    weights = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    random_numbers = torch.get_rng_state()

    cost = measure_overhead(trainer)

    assert cost is not None
    assert 1 <= cost <= NEVER_SPLIT
    assert torch.equal(torch.get_rng_state(), random_numbers)
    assert all(parameter.grad is None for parameter in trainer.model.parameters())
    assert all(torch.equal(weights[name], now) for name, now in trainer.model.state_dict().items())


@pytest.mark.parametrize("room", [0, 2, 4])
def test_no_more_is_tried_than_memory_has_room_for(
    engine: Engine, request: pytest.FixtureRequest, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a clock by which every batch takes as long, so that only memory ends the trial."""
    trainer: Any = engine.compile(spec_of(request, "summarization"), *AT_ONCE).trainer
    sizes: list[int] = []
    monkeypatch.setattr(calibration.time, "perf_counter", lambda: 0.01 * len(sizes))

    def run_out(module: Any, arguments: Any, inputs: dict[str, torch.Tensor]) -> None:
        sizes.append(len(inputs["input_ids"]))
        if sizes[-1] > room:
            torch.empty(1 << 50)

    trainer.model.register_forward_pre_hook(run_out, with_kwargs=True)

    cost = measure_overhead(trainer)

    assert max(sizes) == max(1, 2 * room)
    assert cost == (None if room == 0 else NEVER_SPLIT)
    assert all(parameter.grad is None for parameter in trainer.model.parameters())


@pytest.mark.slow
def test_a_resumed_run_splits_as_its_lock_says(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    spec = spec_of(request, "single-label")
    watcher = Recorder()
    run_dir = engine.execute(spec, *AT_ONCE, *SHORT, watcher=watcher).run_dir
    recorded = lock_of(run_dir)["micro_batch_overhead_tokens"]
    assert 1 <= recorded <= NEVER_SPLIT
    assert any(note.startswith("micro-batch overhead:") for note in watcher.notes)

    again = engine.execute(spec, *AT_ONCE, *SHORT).run_dir
    assert lock_of(again)["micro_batch_overhead_tokens"] == recorded  # without measuring

    lock = lock_of(run_dir)
    run_dir.write_json("lock.json", {**lock, "micro_batch_overhead_tokens": 12_345})
    drop_last_checkpoint(run_dir)
    resumed = Recorder()
    engine.execute(spec, *AT_ONCE, *SHORT, watcher=resumed, resume=run_dir)

    assert lock_of(run_dir)["micro_batch_overhead_tokens"] == 12_345
    assert not any("micro-batch overhead" in note for note in resumed.notes)


@pytest.mark.slow
def test_the_spec_can_fix_it(engine: Engine, request: pytest.FixtureRequest) -> None:
    watcher = Recorder()
    spec = spec_of(request, "single-label")
    more = ("training.max_steps=1", "performance.micro_batch_overhead_tokens=77")
    outcome = engine.execute(spec, *AT_ONCE, *more, watcher=watcher)

    assert lock_of(outcome.run_dir)["micro_batch_overhead_tokens"] == 77
    assert not any("micro-batch overhead" in note for note in watcher.notes)


def lock_of(run_dir: RunDirectory) -> dict[str, Any]:
    """The lock of a run."""
    lock: dict[str, Any] = json.loads((run_dir.path / "lock.json").read_text(encoding="utf-8"))
    return lock


def drop_last_checkpoint(run_dir: RunDirectory) -> None:
    """As if the run had been stopped before its last step was saved."""
    last = run_dir.latest_checkpoint()
    assert last is not None
    last.rename(last.with_name("dropped"))
