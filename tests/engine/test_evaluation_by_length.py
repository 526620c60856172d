"""Rows of like length are evaluated together, and metrics see them in their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftspec.engine.batching.evaluation_order import batch_by_length, flat, put_back
from ftspec.engine.batching.micro_batches import tokens_of
from ftspec.labels import IGNORED_LABEL
from tests.engine.evaluation_specs import CASES, spec_of
from tests.engine.running import Engine

pytestmark = pytest.mark.kernels

PADDING = 0
"""The padding token of the T5 here."""

SETTINGS = ("training.per_device_eval_batch_size=4", "performance.batching=")


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), max_size=30), st.integers(1, 5))
def test_every_row_is_once_in_a_batch_within_the_budget(
    rows: list[tuple[int, int]], rows_of_longest: int
) -> None:
    lengths = np.array(rows, dtype=np.int64).reshape(len(rows), 2)
    batches = batch_by_length(lengths, rows_of_longest)

    order = flat(batches)
    assert sorted(order) == [*range(len(rows))]
    for batch in batches:
        width = int(lengths[batch].max(axis=0).sum())
        assert len(batch) * width <= rows_of_longest * int(lengths.max(axis=0).sum())
        assert len(batch) <= 4 * rows_of_longest
    values = np.arange(len(rows))
    if len(rows):
        assert put_back((values[order], None), order)[0].tolist() == values.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_evaluation_gives_what_it_gives_in_order(
    engine: Engine, request: pytest.FixtureRequest, case: str
) -> None:
    spec = spec_of(request, case)
    size, way = SETTINGS
    ordered, ordered_outputs, ordered_sizes = evaluate(engine, spec, size, f"{way}padded")
    by_length, outputs, sizes = evaluate(engine, spec, size, f"{way}exact")

    names = [name for name in ordered if not name.endswith(("_second", "_runtime", "_time"))]
    assert {name: by_length[name] for name in names} == pytest.approx(
        {name: ordered[name] for name in names}, rel=1e-6
    )
    assert len(outputs) == len(ordered_outputs)
    for ours, theirs in zip(outputs, ordered_outputs, strict=True):
        labels = [one.label_ids for one in (ours, theirs)]
        if case == "summarization with texts":  # the Trainer fills up narrow batches with padding
            labels = [np.where(one == PADDING, IGNORED_LABEL, one) for one in labels]
        np.testing.assert_array_equal(*labels)
        np.testing.assert_allclose(ours.predictions, theirs.predictions, rtol=1e-4, atol=1e-6)
    if case != "packed text":
        assert sum(sizes) < sum(ordered_sizes)


def evaluate(
    engine: Engine, spec: str, *overrides: str
) -> tuple[dict[str, Any], list[Any], list[int]]:
    """The metrics of the validation split, what they were computed from, and the tokens of each
    batch."""
    run = engine.compile(spec, *overrides)
    sizes: list[int] = []
    outputs: list[Any] = []
    collate, decode = run.trainer.data_collator, run.data.task.decode

    def note_size(rows: Any) -> Any:
        batch = collate(rows)
        sizes.append(tokens_of(batch, run.data.task.length_columns))
        return batch

    def note_outputs(given: Any, rows: Any) -> Any:
        outputs.append(given)
        return decode(given, rows)

    run.trainer.data_collator = note_size
    run.data.task.decode = note_outputs  # type: ignore[method-assign]
    return run.trainer.evaluate(), outputs, sizes
