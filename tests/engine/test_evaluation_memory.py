"""Memory that runs out in evaluation changes nothing but how many rows are computed at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ftspec.builtin.tasks.text_classification import TextClassification
from ftspec.engine.run.compile import CompiledRun
from ftspec.errors import RunError
from tests.engine.evaluation_specs import spec_of
from tests.engine.running import Engine

pytestmark = pytest.mark.slow

SETTINGS = ("training.per_device_eval_batch_size=8",)
WAYS = ("padded", "exact")


def run_out_above(run: CompiledRun, rows: int) -> list[int]:
    """No more than so many rows have room. The sizes of the batches for which it ran out."""
    failed: list[int] = []

    def allocate_too_much(module: Any, arguments: tuple[torch.Tensor, ...]) -> None:
        if len(arguments[0]) > rows:
            failed.append(len(arguments[0]))
            torch.empty(1 << 50)

    model: Any = run.trainer.model
    for module in model.modules():
        if isinstance(module, nn.Embedding) and module.num_embeddings == model.config.vocab_size:
            module.register_forward_pre_hook(allocate_too_much)
    return failed


def evaluate(run: CompiledRun) -> tuple[dict[str, float], list[Any]]:
    """The metrics but those of time, and what they were computed from."""
    seen: list[Any] = []
    decode = run.data.task.decode

    def note_outputs(outputs: Any, rows: Any) -> Any:
        seen.append((outputs.predictions, outputs.label_ids))
        return decode(outputs, rows)

    run.data.task.decode = note_outputs  # type: ignore[method-assign]
    metrics = run.trainer.evaluate()
    timing = ("_second", "_runtime", "_time")
    return {name: value for name, value in metrics.items() if not name.endswith(timing)}, seen


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "case", ["single-label", "regression", "summarization with texts", "rows of text"]
)
def test_a_batch_too_large_is_evaluated_in_parts(
    engine: Engine, request: pytest.FixtureRequest, case: str, way: str
) -> None:
    spec = spec_of(request, case)
    settings = (*SETTINGS, f"performance.batching={way}")
    undisturbed, expected = evaluate(engine.compile(spec, *settings))
    run = engine.compile(spec, *settings)
    said: list[str] = []
    run.trainer.evaluation.warn = said.append
    failed = run_out_above(run, 2)
    metrics, outputs = evaluate(run)

    assert metrics == pytest.approx(undisturbed, rel=1e-6)
    for ours, theirs in zip(outputs, expected, strict=True):
        for own, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-6)
    # once for each halving of the first batches, and not for each batch
    assert 1 <= len(failed) <= 5
    assert len(said) == 1
    assert said[0].startswith(f"memory ran out at an evaluation batch of {failed[0]} rows and ")


@pytest.mark.parametrize("way", WAYS)
def test_a_row_too_large_ends_the_evaluation(
    engine: Engine, request: pytest.FixtureRequest, way: str
) -> None:
    settings = (*SETTINGS, f"performance.batching={way}")
    run = engine.compile(spec_of(request, "single-label"), *settings)
    run_out_above(run, 0)

    with pytest.raises(RunError, match="memory is too small for one row of") as caught:
        run.trainer.evaluate()
    assert caught.value.slug == "out-of-memory"
    assert '"max_length"' in caught.value.helps[0]


def test_rows_that_belong_together_are_not_parted(
    engine: Engine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TextClassification, "rows_are_independent", False)
    run = engine.compile(spec_of(request, "single-label"), *SETTINGS)
    run_out_above(run, 2)

    with pytest.raises(RunError, match="smaller batches cannot be tried") as caught:
        run.trainer.evaluate()
    assert caught.value.at == ("training",)
    assert '"per_device_eval_batch_size"' in caught.value.helps[0]


def test_padded_steps_too_large_end_the_training(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    run = engine.compile(spec_of(request, "single-label"), "performance.batching=padded")
    run_out_above(run, 2)

    with pytest.raises(RunError, match="memory ran out in training") as caught:
        run.trainer.train()
    assert '"per_device_train_batch_size"' in caught.value.helps[0]
    assert '"gradient_checkpointing: true"' in caught.value.helps[1]
