"""A Trainer that computes each step in micro-batches of like length.

The rows of a step are those that the shuffle drew, all of them: what the spec calls a batch times
the accumulation. They are sorted, cut where padding and micro-batches together cost least, computed
one micro-batch after the other, and each weighted by its items, so that the sum is the step's own
mean loss. The gradient is that of the padded batch up to rounding, whatever the cuts; only masks of
dropout are drawn for other shapes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import torch
from accelerate.utils import DistributedType
from datasets import Dataset, IterableDataset
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader
from transformers.trainer_utils import TrainOutput, seed_worker

from ftspec.engine.batching.micro_batches import (
    Batch,
    CuttingCollator,
    Form,
    rows_of,
    split,
    split_to_fit,
    tokens_of,
)
from ftspec.engine.batching.out_of_memory import free_memory, is_out_of_memory, row_too_large
from ftspec.engine.batching.packed_sequence import text_of
from ftspec.engine.batching.passes import Pass, idle_pass, plan_passes
from ftspec.engine.batching.row_lengths import first_rows, lengths_in, lengths_of_rows
from ftspec.engine.batching.sampler import StepSampler
from ftspec.engine.batching.sharing import Sharing
from ftspec.engine.batching.sizes import width_multiple
from ftspec.engine.batching.split_by_length import NEVER_CUT, LengthTable
from ftspec.engine.batching.token_counts import TokenCounts
from ftspec.engine.patches.dropout import fast_masks
from ftspec.engine.trainer.evaluation_by_length import EvaluationByLength
from ftspec.errors import RunError

_ROWS_LOOKED_AT = 100


class Size(NamedTuple):
    """Tokens of a batch: those that embeddings and head compute, and those that layers do."""

    padded: int
    computed: int

    def with_room_for(self, other: Size) -> Size:
        """Room for both."""
        return Size(max(self.padded, other.padded), max(self.computed, other.computed))

    def has_room_for(self, other: Size) -> bool:
        """Whether the other is no larger in either."""
        return self.with_room_for(other) == self


class ExactBatching(EvaluationByLength):
    """Computes steps in micro-batches of like length. ``per_device_train_batch_size`` of its
    arguments are the rows of a whole step, and ``gradient_accumulation_steps`` is 1.

    Attributes:
        overhead_tokens: what a micro-batch costs beside its tokens, in tokens.
        form: that of micro-batches, which the model must be made for.
    """

    form: Form = "padded"

    def __init__(
        self,
        *arguments: Any,
        overhead_tokens: int,
        max_tokens: int | None,
        rows_per_batch: int,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.overhead_tokens = overhead_tokens
        self._max_tokens = max_tokens
        self._cap = max_tokens  # lowered where memory runs out
        self._rows_per_batch = rows_per_batch
        self._collator: CuttingCollator | None = None
        self._last_batch: Batch | None = None
        self._largest = 0  # tokens of the largest micro-batch of the step
        self._had_room_for = Size(0, 0)  # the most that was computed so far

    @property
    def pads(self) -> bool:
        """Whether padding is computed."""
        return self.form == "padded"

    def train(self, *arguments: Any, **options: Any) -> TrainOutput:
        """As the Trainer, with masks of dropout that are drawn fast: for the shapes of
        micro-batches they are others in any case."""
        with self.drawing_masks():
            return super().train(*arguments, **options)

    def drawing_masks(self) -> AbstractContextManager[None]:
        """While it lasts, masks of dropout are drawn fast, where a CPU draws them."""
        if self.args.device.type != "cpu" or self.args.torch_compile:
            return nullcontext()
        return fast_masks(self.args.process_index)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The rows of each step, cut. In the order of the plain Trainer. Of a stream each process
        reads all rows of a step, and keeps its own."""
        rows: Any = self.train_dataset
        is_stream = isinstance(rows, IterableDataset)
        self._collator = CuttingCollator(
            self.data_collator,
            self.task.length_columns,
            self.overhead_tokens if self.pads else NEVER_CUT,
            self._within_a_batch(self._cap),
            flattens=self.form == "line",
            multiple=self.line_multiple,
            sharing=self._sharing() if is_stream else None,
        )
        if is_stream:
            options: dict[str, Any] = {
                "batch_size": self._train_batch_size * self.accelerator.num_processes,
                "drop_last": self.args.dataloader_drop_last,
            }
        else:
            options = {
                "batch_sampler": self._step_sampler(rows),
                # as the plain Trainer, for rows that have a sampler
                "worker_init_fn": partial(
                    seed_worker,
                    num_workers=self.args.dataloader_num_workers,
                    rank=self.args.process_index,
                ),
            }
        return self.load_own(rows, collate_fn=self._collator, **options)

    @cached_property
    def _lengths(self) -> LengthTable:
        """Of all rows, as wide as they are padded; of a stream those of the first."""
        rows, columns = self.train_dataset, self.task.length_columns
        multiple = width_multiple(self.data_collator)
        if isinstance(rows, Dataset):
            return lengths_in(rows, columns, multiple)
        return lengths_of_rows(first_rows(rows, _ROWS_LOOKED_AT), columns, multiple)

    @property
    def most_tokens(self) -> int:
        """Tokens of a micro-batch: as many as ``rows_per_batch`` of the longest row have, for which
        whoever set that number has room."""
        longest = self._lengths.max(axis=0, initial=0)
        return max(1, self._rows_per_batch * int(longest.sum()))

    def _within_a_batch(self, limit: int | None) -> int:
        return self.most_tokens if limit is None else min(limit, self.most_tokens)

    def _sharing(self) -> Sharing | None:
        if self.accelerator.num_processes == 1:
            return None
        return Sharing(
            process=self.accelerator.process_index,
            processes=self.accelerator.num_processes,
            overhead_tokens=self.overhead_tokens,
            # not the cap: processes must agree
            max_tokens=self._within_a_batch(self._max_tokens),
            pads=self.pads,
        )

    def _step_sampler(self, rows: Dataset) -> StepSampler:
        processes = self.accelerator.num_processes
        sampler: Any = self._get_train_sampler(rows)
        kept = len(rows)
        if self.args.dataloader_drop_last:
            kept -= kept % (self._rows_per_batch * processes)
        rows_of_step = self._train_batch_size * processes
        return StepSampler(sampler, kept, rows_of_step, self._sharing(), self._lengths)

    def _count_items(self, batch: Any) -> torch.Tensor | int:
        """The items of all micro-batches of a step."""
        counts = [super(ExactBatching, self)._count_items(one) for one in batch]
        return torch.stack([torch.as_tensor(count) for count in counts]).sum() if counts else 0

    def _train_on(
        self, model: nn.Module, inputs: Any, items: torch.Tensor | int | None
    ) -> torch.Tensor:
        """The loss of a step, its gradient accumulated. Where memory runs out the step begins anew
        with smaller micro-batches: its rows stay together.

        Raises:
            RunError: memory is too small for a single row.
        """
        batches = list(inputs)
        while True:
            counted = replace(self.token_counts)
            if self._cap is not None:
                columns = self.task.length_columns
                batches = [
                    part for one in batches for part in split_to_fit(one, columns, self._cap)
                ]
            too_large = self._compute(model, batches, items)
            if isinstance(too_large, torch.Tensor):
                return too_large
            self.token_counts = counted
            self._halve(too_large)
            # what was accumulated before memory ran out is computed again with the rest
            model.zero_grad()
            if isinstance(model, DistributedDataParallel):
                # the others had their buffers from the first pass, and wait for no more
                model.require_forward_param_sync = False
            free_memory()

    def _compute(
        self, model: nn.Module, batches: list[Batch], items: torch.Tensor | int | None
    ) -> torch.Tensor | Batch:
        """The loss of the batches, or the one that was too large for the memory."""
        loss = torch.zeros((), device=self.args.device)
        columns = self.task.length_columns
        passes = self._passes(batches, items)
        self._largest = max(tokens_of(one.batch, columns) for one in passes)
        for index, one in enumerate(passes):
            is_last = index == len(passes) - 1
            # DeepSpeed's engine reads this to know when to step
            self.accelerator.gradient_state._set_sync_gradients(is_last)
            try:
                with self._unsynchronised(model, is_last):
                    loss = loss + super()._train_on(model, one.batch, one.items_of_step)
            except RuntimeError as error:
                if not is_out_of_memory(error) or not self._can_begin_anew(is_last):
                    raise
                return one.batch
            self._last_batch = one.batch
            self._had_room_for = self._had_room_for.with_room_for(self._size_of(one.batch))
        return loss

    def _passes(self, batches: list[Batch], items: torch.Tensor | int | None) -> list[Pass]:
        wanted = 1
        if self._counts_must_match:
            count = torch.tensor([len(batches)], device=self.args.device)
            wanted = max(1, int(self.accelerator.gather(count).max()))
        if not batches and self._last_batch is None:
            raise RunError(
                "there are fewer training rows than processes",
                slug="corpus-too-small",
                at=("data",),
            )
        columns = self.task.length_columns
        passes = plan_passes(batches, items, wanted, self._last_batch, columns)
        last = passes[-1].batch
        if (
            self.accelerator.num_processes > 1
            and not self._counts_must_match
            and rows_of(last) > 1
            and not self._had_room_for.has_room_for(self._size_of(last))
        ):
            # where it is the last pass nobody can leave it: a row of it, for nothing, is last then
            passes.append(idle_pass(split(last, 1)[0]))
        return passes

    def _size_of(self, batch: Batch) -> Size:
        """What decides whether there is room for a batch."""
        columns = self.task.length_columns
        padded = tokens_of(batch, columns)
        if self.form != "layers" or self.accelerator.num_processes == 1:
            return Size(padded, padded)
        counts = TokenCounts()
        counts.add(batch, columns)
        return Size(padded, counts.real)

    def _unsynchronised(self, model: nn.Module, is_last: bool) -> Any:
        if is_last or self.accelerator.distributed_type == DistributedType.DEEPSPEED:
            return nullcontext()
        return self.accelerator.no_sync(model)

    def _smaller_micro_batch(self) -> int | None:
        """Half of the largest of the step."""
        return self._largest // 2 or None

    def _can_begin_anew(self, is_last: bool) -> bool:
        """Other processes would wait for ever where one leaves a pass that they are in."""
        return not self._counts_must_match and not (is_last and self.accelerator.num_processes > 1)

    def _halve(self, batch: Batch) -> None:
        rows, tokens = rows_of(batch), tokens_of(batch, self.task.length_columns)
        if rows == 1:
            raise row_too_large(tokens)
        self._cap = tokens // 2
        if self._collator is not None:  # workers have copies: what those cut is split
            self._collator.max_tokens = self._cap
        self._warn(
            f"memory ran out at a micro-batch of {rows} rows and {tokens:,} tokens: the step "
            f"begins anew with all its rows, and from here on a micro-batch has {self._cap:,} "
            f'tokens at most; "performance: {{max_tokens_per_device: {self._cap}}}" says so from '
            "the start"
        )

    def floating_point_ops(self, inputs: Any) -> int:
        """Those of all micro-batches of a step."""
        return sum(super(ExactBatching, self).floating_point_ops(batch) for batch in inputs)

    def _track_num_input_tokens(self, inputs: Any) -> None:
        """As the Trainer, once for a step: processes with unequal counts would wait for ever."""
        if self.args.include_num_input_tokens_seen == "no":
            return
        names = {name for batch in inputs for name in batch}
        texts = [text_of(batch) for batch in inputs]
        whole = {
            name: torch.cat([batch[name].flatten() for batch in texts if name in batch])
            for name in names & {"input_ids", "attention_mask"}
        }
        super()._track_num_input_tokens(whole)  # type: ignore[no-untyped-call]
