"""Micro-batches are made, moved, split and counted without losing a row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import datasets
import numpy as np
import pytest
import torch
from torch.utils.data import RandomSampler, SequentialSampler

from ftspec.engine.batching.collator import MicroBatchCollator
from ftspec.engine.batching.micro_batches import MicroBatches, rows_of, split_to_fit, tokens_of
from ftspec.engine.batching.out_of_memory import is_out_of_memory
from ftspec.engine.batching.packed_sequence import Batch, pack
from ftspec.engine.batching.passes import plan_passes
from ftspec.engine.batching.process_share import ProcessShare
from ftspec.engine.batching.row_lengths import lengths_in, lengths_of_rows
from ftspec.engine.batching.sampler import StepSampler
from ftspec.engine.batching.split_by_length import NEVER_SPLIT, Costs
from ftspec.engine.batching.token_counts import TokenCounts

COLUMNS = ("input_ids",)


def pad(rows: Sequence[dict[str, Any]]) -> Batch:
    """Rows of ids padded with zeros."""
    width = max(len(row["input_ids"]) for row in rows)
    ids = [[*row["input_ids"], *[0] * (width - len(row["input_ids"]))] for row in rows]
    tensor = torch.tensor(ids)
    return {"input_ids": tensor, "attention_mask": tensor.ne(0).long()}


def pad_text(rows: Sequence[dict[str, Any]]) -> Batch:
    """The same for a causal language model."""
    batch = pad(rows)
    return {**batch, "labels": batch["input_ids"]}


def rows_with(*lengths: int) -> list[dict[str, Any]]:
    """A row of its own number, as often as it has tokens."""
    return [{"input_ids": [number + 1] * length} for number, length in enumerate(lengths)]


def numbers_in(batches: Sequence[Batch]) -> list[list[int]]:
    """The numbers of the rows of each batch."""
    return [batch["input_ids"][:, 0].tolist() for batch in batches]


def test_rows_are_split_by_length_and_the_costliest_comes_first() -> None:
    cut = MicroBatchCollator(pad, COLUMNS, Costs(5))(rows_with(3, 20, 3, 19, 2))

    assert numbers_in(list(cut)) == [[4, 2], [5, 1, 3]]
    assert [tokens_of(batch, COLUMNS) for batch in cut] == [40, 9]


@pytest.mark.parametrize("packs", [True, False])
def test_nothing_makes_no_batch(packs: bool) -> None:
    assert len(MicroBatchCollator(pad, COLUMNS, Costs(5), packs=packs)([])) == 0


@pytest.mark.parametrize(
    ("max_tokens", "tokens"), [(None, [47]), (40, [39, 8]), (30, [20, 27]), (20, [20, 19, 8])]
)
def test_a_packed_batch_has_no_more_tokens_than_it_may(
    max_tokens: int | None, tokens: list[int]
) -> None:
    cut = MicroBatchCollator(pad_text, COLUMNS, Costs(0, max_tokens, pads=False), packs=True)(
        rows_with(3, 20, 3, 19, 2)
    )

    assert sorted(tokens_of(batch, COLUMNS) for batch in cut) == sorted(tokens)


def test_packed_rows_are_not_padded_to_the_longest_of_all() -> None:
    """What is collated together has the length of the longest: a row of 900 tokens comes alone."""
    collated: list[int] = []

    def note_size(rows: Sequence[dict[str, Any]]) -> Batch:
        batch = pad_text(rows)
        collated.append(batch["input_ids"].numel())
        return batch

    rows = rows_with(900, *range(1, 60))
    (packed,) = MicroBatchCollator(note_size, COLUMNS, Costs(NEVER_SPLIT, pads=False), packs=True)(
        rows
    )

    in_order = sorted(rows, key=lambda row: len(row["input_ids"]))
    whole = pack(pad_text(in_order))
    assert all(packed[name].equal(whole[name]) for name in ("input_ids", "labels", "position_ids"))
    assert packed["cu_seq_lens_q"].equal(whole["cu_seq_lens_q"])
    assert sum(collated) < 1.5 * tokens_of(packed, COLUMNS)


def test_rows_are_split_by_the_width_they_get() -> None:
    class Padding:
        pad_to_multiple_of = 8

        def __call__(self, rows: Sequence[dict[str, Any]]) -> Batch:
            return pad(rows)

    rows = rows_with(1, 8, 7, 9, 16)

    batches = MicroBatchCollator(Padding(), COLUMNS, Costs(2))(rows)

    assert numbers_in(list(batches)) == [
        [4, 5],
        [1, 2, 3],
    ]


def test_they_move_as_one() -> None:
    moved = MicroBatches([pad(rows_with(1, 2)), pad(rows_with(3))]).to("meta", non_blocking=True)

    assert [batch["input_ids"].device.type for batch in moved] == ["meta", "meta"]


@pytest.mark.parametrize(
    ("most", "sizes"), [(100, [5]), (12, [2, 3]), (8, [1, 2, 2]), (1, [1] * 5)]
)
def test_a_batch_is_split_to_fit(most: int, sizes: list[int]) -> None:
    batch = {**pad(rows_with(4, 4, 4, 4, 4)), "return_loss": torch.tensor(True)}
    parts = split_to_fit(batch, COLUMNS, most)

    assert [rows_of(part) for part in parts] == sizes
    assert [*chain(*numbers_in(parts))] == [1, 2, 3, 4, 5]
    assert all(part["return_loss"] is batch["return_loss"] for part in parts)


def test_passes_are_as_many_as_processes_need() -> None:
    batches = [pad(rows_with(2, 2, 2, 2)), pad(rows_with(3))]
    items = torch.tensor(5)

    def planned(wanted: int, of: list[Batch]) -> list[tuple[list[int], float]]:
        spare = pad(rows_with(9))
        return [
            (one.batch["input_ids"][:, 0].tolist(), float(one.items_of_step))
            for one in plan_passes(of, items, wanted, spare, COLUMNS)
        ]

    assert planned(1, batches) == [([1, 2, 3, 4], 5), ([1], 5)]
    assert planned(3, batches) == [([1, 2], 5), ([3, 4], 5), ([1], 5)]
    # no more rows to part: one is computed for nothing, and not last
    assert [weight for _, weight in planned(6, batches)] == [float("inf"), 5, 5, 5, 5, 5]
    assert planned(1, []) == [([1], float("inf"))]


def test_tokens_are_counted_with_and_without_padding() -> None:
    counts = TokenCounts()
    labels = torch.tensor([[7, -100], [7, 7]])
    counts.add({**pad(rows_with(3, 5)), "labels": labels}, ("input_ids", "labels"))
    counts.add({"input_ids": torch.ones(2, 4)}, COLUMNS)

    assert (counts.rows, counts.batches) == (4, 2)
    assert (counts.real, counts.padded) == (8 + 3 + 8, 10 + 4 + 8)


def test_lengths_are_those_of_the_rows() -> None:
    rows = [{"input_ids": [1] * n, "labels": [2] * m} for n, m in [(3, 1), (1, 4), (2, 2)]]
    columns = ("input_ids", "labels")
    table = datasets.Dataset.from_list(rows).select([2, 0, 1])

    assert lengths_of_rows(rows, columns).tolist() == [[3, 1], [1, 4], [2, 2]]
    assert lengths_in(table, columns).tolist() == [[2, 2], [3, 1], [1, 4]]
    assert lengths_in(table, columns, 4).tolist() == [[4, 4]] * 3
    choices = [{"texts": [[1, 2], [1, 2, 3, 4, 5]]}]
    for lengths in (
        lengths_of_rows(choices, ["texts"], 8),
        lengths_in(datasets.Dataset.from_list(choices), ["texts"], 8),
    ):
        assert lengths.tolist() == [[16]]


@pytest.mark.parametrize("rows", [1, 3, 16, 37, 50])
@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_every_step(rows: int, processes: int) -> None:
    lengths = np.random.default_rng(0).integers(1, 100, size=(rows, 1))
    samplers = [
        StepSampler(
            RandomSampler(range(rows), generator=torch.Generator().manual_seed(3)),
            rows,
            16,
            lengths,
            parts=1,
            costs=Costs(30),
            share=ProcessShare(process=process, world_size=processes, costs=Costs(30)),
        )
        for process in range(processes)
    ]
    drawn = list(RandomSampler(range(rows), generator=torch.Generator().manual_seed(3)))
    steps = [list(sampler) for sampler in samplers]

    assert {len(own) for own in steps} == {len(samplers[0])} == {-(-rows // 16)}
    for index, shares in enumerate(zip(*steps, strict=True)):
        whole = drawn[index * 16 : (index + 1) * 16]
        assert sorted(chain(*shares)) == sorted(whole)
        if len(whole) == 16:
            tokens = [int(lengths[share].sum()) for share in shares]
            assert max(tokens) - min(tokens) < lengths.max() + 2 * 30


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_of_rows_that_all_processes_read_each_keeps_its_own(rows: int) -> None:
    shares = [
        MicroBatchCollator(
            pad, COLUMNS, Costs(5), share=ProcessShare(process=process, world_size=2, costs=Costs())
        )
        for process in range(2)
    ]
    numbers = [
        list(chain(*numbers_in(list(cut(rows_with(*range(3, 3 + rows))))))) for cut in shares
    ]

    assert sorted(chain(*numbers)) == list(range(1, rows + 1))
    assert len(numbers[1]) >= rows // 2


def sampler_of(lengths: Sequence[int], rows: int, **options: Any) -> StepSampler:
    """A sampler of four rows a step, in the order of the rows."""
    table = np.array(lengths)[:, None]
    return StepSampler(SequentialSampler(range(len(lengths))), rows, 4, table, **options)


def test_rows_left_out_are_the_last_drawn() -> None:
    sampler = sampler_of(range(1, 11), rows=8, parts=1, costs=Costs())

    assert list(sampler) == [[0, 1, 2, 3], [4, 5, 6, 7]]


@pytest.mark.parametrize(
    ("overhead", "parts", "steps"),
    [
        (0, 2, [[1, 0], [3, 2], [], [4, 5]]),
        (0, 3, [[1], [0], [3, 2], [], [], [4, 5]]),
        (1000, 2, [[], [1, 0, 3, 2], [], [4, 5]]),
    ],
)
def test_a_step_has_as_many_parts_as_are_accumulated(
    overhead: float, parts: int, steps: list[list[int]]
) -> None:
    """Micro-batches are not split further for it: some parts may be empty."""
    sampler = sampler_of([2, 1, 40, 3, 7, 7], rows=6, parts=parts, costs=Costs(overhead))

    assert len(sampler) == 2 * parts
    assert list(sampler) == steps


def test_out_of_memory_is_distinguished_from_other_errors() -> None:
    with pytest.raises(RuntimeError) as of_cpu:
        torch.empty(1 << 50)
    assert is_out_of_memory(of_cpu.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    with pytest.raises(RuntimeError) as of_shapes:
        torch.ones(2) @ torch.ones(3)
    assert not is_out_of_memory(of_shapes.value)
