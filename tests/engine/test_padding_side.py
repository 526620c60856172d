"""The side that a tokenizer pads changes nothing that a run learns or measures.

Batches pad on the right, whatever the tokenizer does, as Llama's class pads on the left by default.
Losses are then equal for every model: GPT-2 learns a vector for each position and counts positions
from the left of the batch, padding too. So a row behind padding would have another loss.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from tests.engine.gradients import assert_equal, gradients_of
from tests.engine.running import Engine, steps_in
from tests.engine.specs import (
    ACCUMULATED,
    AT_ONCE,
    LLAMA,
    PADDED,
    SPLIT_OFTEN,
    STANDING_STILL,
    WITH_PADDING,
    spec_of,
    with_model,
)

pytestmark = pytest.mark.slow

CASES = ("gpt2", "llama", "t5")
SIDES = ("right", "left")
EVALUATED = ("data.splits.validation=train[42:60]", "training.per_device_eval_batch_size=4")


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    """A tiny model."""
    name: str = request.param
    return name


@pytest.fixture
def specs(
    request: pytest.FixtureRequest, tmp_path: Path, gpt2: Path, t5: Path, case: str
) -> dict[str, str]:
    """A spec for each side, of a model that is otherwise the same."""
    spec = spec_of(request, "summarization" if case == "t5" else "rows of text")
    model = t5 if case == "t5" else gpt2
    if case == "llama":
        model = tmp_path / "llama"
        spec = with_model(spec, gpt2, model, LLAMA)
    return {side: spec.replace(str(model), padding_on(side, model, tmp_path)) for side in SIDES}


def padding_on(side: str, model: Path, folder: Path) -> str:
    """The folder of the model, whose tokenizer pads on this side."""
    copy = shutil.copytree(model, folder / side)
    file = copy / "tokenizer_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**config, "padding_side": side}), encoding="utf-8")
    assert AutoTokenizer.from_pretrained(copy).padding_side == side
    return str(copy)


def test_the_gradient_is_that_of_the_padded_batch_on_the_right(
    engine: Engine, specs: dict[str, str]
) -> None:
    """Padded on the left, in micro-batches of like length, and in a line without padding."""
    right = gradients_of(engine.compile(specs["right"], *AT_ONCE, *STANDING_STILL, PADDED).trainer)
    for more in (
        (*ACCUMULATED, PADDED),
        (*ACCUMULATED, SPLIT_OFTEN, WITH_PADDING),
        AT_ONCE,
    ):
        run = engine.compile(specs["left"], *STANDING_STILL, *more)

        assert_equal(gradients_of(run.trainer), right)
        assert run.trainer.processing_class.padding_side == "left"


def test_losses_are_those_of_padding_on_the_right(engine: Engine, specs: dict[str, str]) -> None:
    """Of every step, and of the validation split."""
    found: dict[str, Any] = {}
    for side in SIDES:
        for way in ("padded", "exact"):
            run = engine.compile(specs[side], *AT_ONCE, *EVALUATED, f"performance.batching={way}")
            run.trainer.train()
            logs = steps_in(run.trainer.state.log_history)
            found[f"{side}, {way}"] = [
                *(record[name] for record in logs for name in ("loss", "grad_norm")),
                run.trainer.evaluate()["eval_loss"],
            ]

    expected = found["right, padded"]
    assert len(expected) == 2 * 6 + 1
    for name, values in found.items():
        assert values == pytest.approx(expected, rel=1e-5), name


def test_as_many_items_as_there_are_tokens_to_predict(
    engine: Engine, specs: dict[str, str], case: str
) -> None:
    """Every token but the first of each row; every token of a target."""
    for side in SIDES:
        run = engine.compile(specs[side], *AT_ONCE, PADDED)
        rows = run.data.encoded["train"]
        if case == "t5":
            expected = sum(map(len, rows["labels"]))
        else:
            expected = sum(len(ids) - 1 for ids in rows["input_ids"])
        batches = list(run.trainer.get_train_dataloader())

        assert any(batch["attention_mask"].eq(0).any() for batch in batches)
        assert sum(int(run.data.task.count_loss_items(batch)) for batch in batches) == expected
