"""Exact batching learns what a padded batch learns: the same rows at each step, and in double
precision the same gradient to nine digits, for every task, accumulation and last batch."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import Trainer, TrainingArguments

from ftspec.builtin.tasks.text_classification import TextClassification
from ftspec.engine.batching.micro_batches import MicroBatches, rows_of, tokens_of
from ftspec.engine.batching.packed_sequence import Batch
from ftspec.engine.batching.row_lengths import lengths_in
from ftspec.engine.batching.split_by_length import NEVER_SPLIT
from ftspec.engine.trainer.batching_choice import choose_batching
from ftspec.engine.trainer.mean_loss import MeanLoss
from ftspec.errors import RunError
from tests.engine.gradients import assert_equal, gradients_of, train_in_double
from tests.engine.running import Engine, steps_in
from tests.engine.specs import (
    ACCUMULATED,
    AT_ONCE,
    CASES,
    PADDED,
    SMOOTHED,
    SMOOTHED_CASES,
    SPLIT_OFTEN,
    STANDING_STILL,
    WITH_PADDING,
    spec_of,
)

pytestmark = pytest.mark.slow

BOTH_WAYS = ("single-label", "summarization", "packed text")
"""One case for each kind of model. Accumulated batches are cut as well, and put together again."""


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_that_of_the_padded_batch(
    engine: Engine, request: pytest.FixtureRequest, case: str
) -> None:
    spec = spec_of(request, case)
    padded = gradients_of(engine.compile(spec, *AT_ONCE, *STANDING_STILL, PADDED).trainer)
    for settings in (AT_ONCE, ACCUMULATED) if case in BOTH_WAYS else (ACCUMULATED,):
        run = engine.compile(spec, *settings, *STANDING_STILL, SPLIT_OFTEN, WITH_PADDING)

        assert_equal(gradients_of(run.trainer), padded)
        counts = run.trainer.token_counts
        assert counts.rows == run.data.encoded["train"].num_rows
        # each step was cut, but packed blocks are of one length, all but the last
        assert counts.batches > len(padded) * (1 if case == "packed text" else 2)


@pytest.mark.parametrize("case", SMOOTHED_CASES)
def test_with_label_smoothing_too(
    engine: Engine, request: pytest.FixtureRequest, case: str
) -> None:
    spec = spec_of(request, case)
    padded = engine.compile(spec, *AT_ONCE, *STANDING_STILL, PADDED, SMOOTHED)
    exact = engine.compile(spec, *ACCUMULATED, *STANDING_STILL, SPLIT_OFTEN, SMOOTHED)

    assert_equal(gradients_of(exact.trainer), gradients_of(padded.trainer))


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("settings", [AT_ONCE, ACCUMULATED])
def test_steps_have_the_rows_of_the_plain_trainer(
    engine: Engine, request: pytest.FixtureRequest, settings: tuple[str, ...], drop_last: bool
) -> None:
    """In both epochs, whatever the accumulation, and where the last rows are left out."""
    spec = spec_of(request, "single-label")
    run = engine.compile(spec, *settings, f"training.dataloader_drop_last={drop_last}".lower())
    steps: list[list[tuple[int, ...]]] = []
    calls: list[int] = []
    learn = run.trainer.training_step

    def note_rows(model: Any, inputs: MicroBatches, *rest: Any) -> Any:
        calls.append(len(inputs))
        if len(inputs) > 0:
            steps.append(rows_in(inputs))
        return learn(model, inputs, *rest)

    run.trainer.training_step = note_rows
    run.trainer.train()

    size, parts = (16, 1) if settings is AT_ONCE else (4, 4)
    plain = Trainer(
        model=run.model,
        args=TrainingArguments(
            output_dir=str(engine.folder),
            per_device_train_batch_size=size,
            dataloader_drop_last=drop_last,
            seed=run.plan.seed,
            remove_unused_columns=False,
            report_to=[],
            use_cpu=True,
        ),
        train_dataset=run.data.encoded["train"],
        data_collator=run.data.task.collator(run.model),
    ).get_train_dataloader()
    expected = []
    for epoch in range(2):
        plain.set_epoch(epoch)
        batches = list(plain)
        for start in range(0, len(batches), parts):
            expected.append(rows_in(batches[start : start + parts]))

    assert steps == expected
    # as often as transformers accumulates, with all micro-batches in the last part
    assert len(calls) == parts * len(steps)
    assert run.trainer.args.gradient_accumulation_steps == parts
    assert run.trainer.args.per_device_train_batch_size == size
    # nine rows too few for sixteen, and two too few for four
    assert sum(map(len, steps)) == 2 * (42 if not drop_last else 32 if size == 16 else 40)


def rows_in(batches: Iterable[Batch]) -> list[tuple[int, ...]]:
    """The tokens of every row without padding, in an order of their own."""
    return sorted(
        tuple(tokens[mask.bool()].tolist())
        for batch in batches
        for tokens, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True)
    )


def test_no_more_tokens_than_a_device_may_have(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    spec = spec_of(request, "summarization")
    limit = "performance.max_tokens_per_device=120"
    run = engine.compile(spec, *AT_ONCE, limit, "performance.micro_batch_overhead_tokens=100000")

    sizes = [
        batch["input_ids"].numel() + batch["labels"].numel()
        for step in run.trainer.get_train_dataloader()
        for batch in step
    ]

    assert max(sizes) <= 120
    assert len(sizes) > 6


@pytest.mark.parametrize("case", ["single-label", "summarization", "rows of text"])
def test_no_more_tokens_than_a_batch_of_the_longest_row(
    engine: Engine, request: pytest.FixtureRequest, case: str
) -> None:
    """Accumulated batches come together only as far as one of them may need memory."""
    run = engine.compile(spec_of(request, case), *ACCUMULATED)
    assert run.trainer.micro_batching is not None
    run.trainer.micro_batching.overhead_tokens = NEVER_SPLIT
    columns = run.data.task.length_columns
    longest = lengths_in(run.data.encoded["train"], columns).max(axis=0).sum()
    parts = list(run.trainer.get_train_dataloader())
    sizes = [tokens_of(batch, columns) for part in parts for batch in part]

    assert max(sizes) <= 4 * longest
    assert len(parts) == 3 * 4
    assert 3 < len(sizes) <= 11  # which the plain Trainer has


@pytest.mark.parametrize("case", ["single-label", "summarization"])
def test_a_step_too_large_for_the_memory_is_made_of_smaller_batches(
    engine: Engine,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
) -> None:
    """Memory runs out in the middle of a backward pass, when some gradients are already there, and
    again until no batch has more than three rows. The gradient is that of the step undisturbed."""
    spec = spec_of(request, case)
    settings = (*AT_ONCE, *STANDING_STILL, "performance.micro_batch_overhead_tokens=300")
    undisturbed = gradients_of(engine.compile(spec, *settings).trainer)
    run = engine.compile(spec, *settings)
    sizes: list[int] = []
    failed: list[int] = []
    count = MeanLoss.count_by_device

    def note_size(self: MeanLoss, batch: Batch, devices: int) -> Any:
        sizes.append(rows_of(batch))
        return count(self, batch, devices)

    def allocate_too_much(gradient: torch.Tensor) -> None:
        if sizes[-1] > 3:
            failed.append(sizes[-1])
            torch.empty(1 << 50)

    monkeypatch.setattr(MeanLoss, "count_by_device", note_size)
    parameters = list(run.model.parameters())
    parameters[len(parameters) // 2].register_hook(allocate_too_much)

    assert_equal(gradients_of(run.trainer), undisturbed)
    assert 2 <= len(failed) <= 6
    assert run.trainer.token_counts.rows == run.data.encoded["train"].num_rows


def test_a_row_too_large_for_the_memory_ends_the_run(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    run = engine.compile(spec_of(request, "single-label"), *AT_ONCE)
    next(run.model.parameters()).register_hook(lambda gradient: torch.empty(1 << 50))

    with pytest.raises(RunError, match="memory is too small for one row") as caught:
        run.trainer.train()
    assert caught.value.slug == "out-of-memory"


def test_batches_that_are_more_than_their_rows_are_not_split(
    engine: Engine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TextClassification, "rows_are_independent", False)
    run = engine.compile(spec_of(request, "single-label"), *ACCUMULATED)

    assert run.trainer.micro_batching is None
    assert run.trainer.args.per_device_train_batch_size == 4
    log = engine.runs()[-1].log.read_text(encoding="utf-8")
    assert (
        "batches are padded, not split by length: the loss of a row depends on the other rows"
        in log
    )


@pytest.mark.parametrize("settings", [AT_ONCE, ACCUMULATED], ids=["at once", "accumulated"])
def test_a_stream_is_split_like_rows_that_are_all_there(
    engine: Engine, request: pytest.FixtureRequest, settings: tuple[str, ...]
) -> None:
    """Two steps of sixteen rows and one of ten, then the stream begins again."""
    spec = spec_of(request, "summarization")
    logs = []
    for way in ("padded", "exact"):
        more = (f"performance.batching={way}", "training.max_steps=4")
        run = engine.compile(spec, *(AT_ONCE if way == "padded" else settings), *more)
        # as one that was encoded: it does not know its columns
        rows = run.data.encoded["train"].to_iterable_dataset().map(dict)
        assert rows.column_names is None
        log: Any = SimpleNamespace(warn=None)
        batching = choose_batching(run.plan, run.data.task, run.config, rows, log)
        assert batching.batching == way
        run.trainer.train_dataset = rows
        logs.append(steps_in(train_in_double(run.trainer)))

    padded, exact = logs
    assert len(exact) == len(padded) == 4
    for name in ("loss", "grad_norm"):
        assert [one[name] for one in exact] == pytest.approx(
            [one[name] for one in padded], rel=1e-5
        )


def test_scaled_losses_of_fp16_add_up(engine: Engine, request: pytest.FixtureRequest) -> None:
    """The scaler of the CPU, which scales in any precision: it must see a step as one."""
    spec = spec_of(request, "single-label")
    settings = (*ACCUMULATED, SPLIT_OFTEN, "training.max_grad_norm=0.0")
    plain = engine.train(spec, *settings)
    run = engine.compile(spec, *settings)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
    run.trainer.accelerator.scaler = scaler
    run.trainer.train()

    scaled = [one["loss"] for one in steps_in(run.trainer.state.log_history)]
    assert scaled == pytest.approx([one["loss"] for one in steps_in(plain)], rel=1e-5)
    assert scaler.get_scale() == 1024.0 * 2**3  # six steps, none of them skipped
