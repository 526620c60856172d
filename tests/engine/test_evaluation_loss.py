"""The loss of an evaluation is the exact mean over the items of the split, examples or tokens,
however the split falls into batches."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from transformers import Trainer

from ftspec.engine.run.compile import CompiledRun
from tests.engine.evaluation_specs import CASES, spec_of
from tests.engine.running import Engine

pytestmark = [pytest.mark.kernels, pytest.mark.slow]


@pytest.fixture(params=CASES)
def spec(request: pytest.FixtureRequest) -> str:
    """The spec of each case in turn, less its ``training`` section."""
    return spec_of(request, request.param)


def test_batches_do_not_change_it(engine: Engine, spec: str) -> None:
    in_fours = engine.compile(spec)
    at_once = engine.compile(spec, "training.per_device_eval_batch_size=1000")

    loss = in_fours.trainer.evaluate()["eval_loss"]

    assert loss == pytest.approx(at_once.trainer.evaluate()["eval_loss"], rel=1e-6)
    assert loss == pytest.approx(mean_by_hand(in_fours), rel=1e-6)


@pytest.mark.parametrize("case", ["single-label", "summarization", "rows of text"])
def test_label_smoothing_does_not_change_that(
    engine: Engine, request: pytest.FixtureRequest, case: str
) -> None:
    spec = spec_of(request, case)
    smoothed = "training.label_smoothing_factor=0.2"
    in_fours = engine.compile(spec, smoothed)
    at_once = engine.compile(spec, smoothed, "training.per_device_eval_batch_size=1000")

    loss = in_fours.trainer.evaluate()["eval_loss"]
    assert loss == pytest.approx(at_once.trainer.evaluate()["eval_loss"], rel=1e-6)


@pytest.mark.parametrize("case", ["packed text", "rows of text"])
def test_perplexity_is_its_exponential(
    engine: Engine, request: pytest.FixtureRequest, case: str
) -> None:
    metrics = engine.compile(spec_of(request, case)).trainer.evaluate()

    assert metrics["eval_perplexity"] == pytest.approx(math.exp(metrics["eval_loss"]), rel=1e-9)


def test_a_row_without_anything_to_predict_does_not_spoil_it(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """An empty text is one token: in a batch of its own there is nothing to take a mean of."""
    texts = tmp_path / "texts.txt"
    texts.write_text("some words\n\nand some more\n" * 30, encoding="utf-8")
    source = f"data.source={{type: text, files: {texts}}}"
    spec = spec_of(request, "rows of text")
    one_by_one = engine.compile(spec, source, "training.per_device_eval_batch_size=1")
    at_once = engine.compile(spec, source, "training.per_device_eval_batch_size=1000")

    loss = one_by_one.trainer.evaluate()["eval_loss"]
    assert loss == pytest.approx(at_once.trainer.evaluate()["eval_loss"], rel=1e-6)


@pytest.mark.parametrize("batching", ["exact", "padded"])
def test_rows_that_training_would_drop_are_evaluated(
    engine: Engine, request: pytest.FixtureRequest, batching: str
) -> None:
    spec = spec_of(request, "rows of text")
    batched = f"performance.batching={batching}"
    dropping = engine.compile(spec, batched, "training.dataloader_drop_last=true")

    loss = engine.compile(spec, batched).trainer.evaluate()["eval_loss"]
    assert dropping.trainer.evaluate()["eval_loss"] == pytest.approx(loss, rel=1e-6)


@pytest.mark.parametrize("case", ["single-label", "summarization", "rows of text"])
@pytest.mark.parametrize("devices", [2, 3])
def test_means_of_several_devices_are_weighted(
    engine: Engine, request: pytest.FixtureRequest, case: str, devices: int
) -> None:
    """One process may feed several, and gets back the mean of each."""
    trainer = engine.compile(spec_of(request, case), "performance.batching=padded").trainer
    batch = next(iter(trainer.get_train_dataloader()))
    model = trainer.model.eval()

    def parallel(**inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        parts = zip(*(value.chunk(devices) for value in inputs.values()), strict=True)
        losses = [model(**dict(zip(inputs, part, strict=True))).loss for part in parts]
        return {"loss": torch.stack(losses)}

    items = (None, torch.tensor(1000))
    whole = [trainer.compute_loss(model, dict(batch), False, one) for one in items]
    trainer.args._n_gpu = devices
    assert torch.allclose(
        torch.stack([trainer.compute_loss(parallel, dict(batch), False, one) for one in items]),
        torch.stack(whole),
    )


def test_the_plain_trainer_weights_batches_by_rows(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    """Another number where rows have unequal lengths, and proof that the tests above can tell."""
    run = engine.compile(spec_of(request, "summarization"))
    plain = Trainer(
        model=run.trainer.model,
        args=run.trainer.args,
        data_collator=run.trainer.data_collator,
        eval_dataset=run.data.encoded["validation"],
    )
    by_rows = sum(mean_of(run, rows)[0] * len(rows) for rows in batches(run, 4)) / 23

    assert plain.evaluate()["eval_loss"] == pytest.approx(by_rows, rel=1e-6)
    assert run.trainer.evaluate()["eval_loss"] != pytest.approx(by_rows, rel=1e-5)


def mean_by_hand(run: CompiledRun) -> float:
    """The mean over items, a row at a time."""
    losses = [mean_of(run, rows) for rows in batches(run, 1)]
    return sum(loss * items for loss, items in losses) / sum(items for _, items in losses)


def mean_of(run: CompiledRun, rows: list[int]) -> tuple[float, int]:
    """The model's own loss of some rows, and how many labels it is a mean of."""
    model = run.trainer.model.eval()
    validation = run.data.encoded["validation"]
    batch = run.data.task.collator(model)([validation[index] for index in rows])
    with torch.no_grad():
        loss = model(**batch).loss
    labels = batch["labels"]
    if run.plan.task.type == "text-classification":
        return float(loss), len(labels)
    predicted = labels[:, 1:] if run.plan.task.type == "text-generation" else labels
    return float(loss), int((predicted != -100).sum())


def batches(run: CompiledRun, size: int) -> list[list[int]]:
    """The indexes of the validation rows in batches."""
    count = len(run.data.encoded["validation"])
    return [list(range(count))[start : start + size] for start in range(0, count, size)]
