"""Gradient accumulation changes nothing: 16 rows at once and 4 times 4 rows give the same loss and
the same gradient at every step, whatever the task, the lengths of its rows and the last batch."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from transformers import (
    AutoModelForSequenceClassification,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

from ftspec.engine.run.compile import CompiledRun
from tests.engine import rows
from tests.engine.gradients import train_in_double
from tests.engine.running import Engine, Logs, steps_in
from tests.engine.specs import ACCUMULATED, AT_ONCE, CASES, SMOOTHED, SMOOTHED_CASES, spec_of

pytestmark = [pytest.mark.kernels, pytest.mark.slow]

RELATIVE = 1e-6
"""The Trainer adds losses up in fp32, whatever the model is in: each of four is rounded to 6e-8."""


@pytest.fixture(params=CASES)
def spec(request: pytest.FixtureRequest) -> str:
    """The spec of each case in turn."""
    return spec_of(request, request.param)


def test_accumulation_changes_nothing(engine: Engine, spec: str) -> None:
    assert_same(train(engine, spec, *AT_ONCE), train(engine, spec, *ACCUMULATED))


@pytest.mark.parametrize("case", SMOOTHED_CASES)
def test_nor_with_label_smoothing(
    engine: Engine, request: pytest.FixtureRequest, case: str
) -> None:
    spec = spec_of(request, case)
    smoothed = train(engine, spec, *AT_ONCE, SMOOTHED)

    assert_same(smoothed, train(engine, spec, *ACCUMULATED, SMOOTHED))
    # the smoothing was on
    plain = train(engine, spec, *AT_ONCE, "training.max_steps=1")
    assert steps_in(plain)[0]["loss"] != pytest.approx(steps_in(smoothed)[0]["loss"], rel=1e-5)


def test_nor_when_rows_are_grouped_by_length(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    """Groups are drawn for whole steps, not for the parts of one."""
    spec = spec_of(request, "rows of text")
    # transformers sorts a quarter of the rows at most, in whole steps: of 42 rows and 16 a step it
    # sorts each step alone. Here it sorts three steps together.
    more = ("data.splits.train=train[:110]",)
    grouped = (*more, "performance.batching=grouped")
    at_once = ("training.per_device_train_batch_size=8",)
    parts = ("training.per_device_train_batch_size=2", "training.gradient_accumulation_steps=4")

    whole_logs, whole = train_and_note_rows(engine.compile(spec, *at_once, *grouped))
    logs, steps = train_and_note_rows(engine.compile(spec, *parts, *grouped))

    assert steps == whole
    assert_same(whole_logs, logs)
    # the grouping was on: rows of a step are of like length, and no step that was only shuffled has
    # the same rows
    _, shuffled = train_and_note_rows(
        engine.compile(spec, *at_once, *more, "performance.batching=padded")
    )
    assert sorted(chain(*shuffled)) == sorted(chain(*whole))
    assert [step for step in whole if step in shuffled] == []
    assert padding_in(whole) < 0.6 * padding_in(shuffled)


def test_nor_where_a_part_has_nothing_to_learn(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """An empty text is the end-of-text token alone, and no token comes before it."""
    texts = [row["text"] for row in rows.paragraphs(12)]
    texts[1] = texts[2] = texts[6] = ""
    file = rows.write_rows(tmp_path / "texts.jsonl", [{"text": text} for text in texts])
    spec = spec_of(request, "rows of text")
    more = (f"data.source.files={file}", "data.splits.train=train", "training.num_train_epochs=3")
    at_once = train(engine, spec, "training.per_device_train_batch_size=4", *more)
    parts = ("training.per_device_train_batch_size=1", "training.gradient_accumulation_steps=4")

    assert_same(at_once, train(engine, spec, *parts, *more))


def test_the_plain_trainer_multiplies_the_loss_of_a_classifier(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """What all this is for, and proof that the tests above see it: four times the loss, four times
    the gradient. When this test fails, transformers has changed, and ftspec may do less."""
    run = engine.compile(spec_of(request, "single-label"), *AT_ONCE)

    def train_plainly(per_device: int, accumulation: int) -> Logs:
        set_seed(42)
        trainer = Trainer(
            model=AutoModelForSequenceClassification.from_pretrained(
                request.getfixturevalue("bert"), config=run.trainer.model.config
            ),
            args=TrainingArguments(
                output_dir=str(tmp_path),
                per_device_train_batch_size=per_device,
                gradient_accumulation_steps=accumulation,
                max_steps=2,
                logging_steps=1,
                learning_rate=0.0,
                save_strategy="no",
                report_to=[],
                use_cpu=True,
            ),
            data_collator=DataCollatorWithPadding(run.trainer.processing_class),
            train_dataset=run.data.encoded["train"],
        )
        trainer.train()
        return steps_in(trainer.state.log_history)

    for whole, parts in zip(train_plainly(16, 1), train_plainly(4, 4), strict=True):
        for name in ("loss", "grad_norm"):
            assert parts[name] == pytest.approx(4 * whole[name], rel=1e-3)


Rows = list[tuple[int, ...]]
"""The rows of a step, whatever their order in it: the tokens of each, without padding, sorted."""


def train(engine: Engine, spec: str, *overrides: str) -> Logs:
    """What a training in double precision logged."""
    return train_in_double(engine.compile(spec, *overrides).trainer)


def train_and_note_rows(run: CompiledRun) -> tuple[Logs, list[Rows]]:
    """What was logged, and the rows that each step learned from."""
    trainer, steps = run.trainer, defaultdict[int, Rows](list)
    learn = trainer.training_step

    def note_rows(model: Any, inputs: Any, *rest: Any) -> Any:
        of_step = steps[trainer.state.global_step]
        for batch in inputs:
            for tokens, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True):
                of_step.append(tuple(tokens[mask.bool()].tolist()))
        return learn(model, inputs, *rest)

    trainer.training_step = note_rows
    return train_in_double(trainer), [sorted(rows) for rows in steps.values()]


def padding_in(steps: list[Rows]) -> int:
    """The tokens that make the rows of each step as long as the longest of them."""
    return sum(max(map(len, rows)) * len(rows) - sum(map(len, rows)) for rows in steps)


def assert_same(at_once: Logs, accumulated: Logs) -> None:
    """Every step has the same loss and gradient norm."""
    ours, theirs = steps_in(accumulated), steps_in(at_once)
    assert len(ours) == len(theirs) >= 6
    for name in ("loss", "grad_norm"):
        expected = [record[name] for record in theirs]
        assert [record[name] for record in ours] == pytest.approx(expected, rel=RELATIVE), name
