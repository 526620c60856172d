"""How a step is split into micro-batches, and how those are computed one after the other.

The rows of a step are exactly those that the shuffle drew: what the spec calls a batch, times the
accumulation steps. They are sorted by length, split where padding and overhead together cost
least, and computed one micro-batch after the other. The gradient is that of the padded batch up to
rounding, however the step is split. Only the masks of dropout are drawn for other shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import NamedTuple

import torch
from accelerate.utils import DistributedType, send_to_device
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from transformers import Trainer

from ftspec.engine.batching.collator import Collate, MicroBatchCollator
from ftspec.engine.batching.micro_batches import (
    Form,
    rows_of,
    split_rows,
    split_to_fit,
    tokens_of,
)
from ftspec.engine.batching.out_of_memory import free_memory, is_out_of_memory, row_too_large
from ftspec.engine.batching.packed_sequence import Batch
from ftspec.engine.batching.passes import Pass, idle_pass, plan_passes
from ftspec.engine.batching.process_share import ProcessShare
from ftspec.engine.batching.row_lengths import first_rows
from ftspec.engine.batching.split_by_length import NEVER_SPLIT, Costs
from ftspec.engine.batching.token_counts import TokenCounts
from ftspec.engine.trainer.mean_loss import Count
from ftspec.engine.trainer.without_randomness import own_randomness
from ftspec.errors import RunError

Learn = Callable[[Batch, Count | None], torch.Tensor]
"""Computes one micro-batch, forward and backward, given the items of its step. Returns its share of
the loss."""


class Size(NamedTuple):
    """Tokens of a batch: those that embeddings and head compute, and those that layers compute."""

    padded: int
    computed: int

    def with_room_for(self, other: Size) -> Size:
        """Room for both."""
        return Size(max(self.padded, other.padded), max(self.computed, other.computed))

    def has_room_for(self, other: Size) -> bool:
        """Whether the other is no larger in either."""
        return self.with_room_for(other) == self


class MicroBatching:
    """Splits and computes the steps of one Trainer.

    ``form`` and ``overhead_tokens`` are settled once the Trainer is built, before its data loader
    is made.

    Attributes:
        overhead_tokens: what a micro-batch costs in addition to its tokens, in tokens.
        max_tokens: of a micro-batch, as the spec limits them. Equal in all processes.
        form: of micro-batches. The model must be prepared for it.
        passes_must_match: whether all processes must make equally many passes, as engines that
            shard weights require.
    """

    form: Form = "padded"

    def __init__(
        self,
        trainer: Trainer,
        columns: Sequence[str],
        *,
        overhead_tokens: int,
        max_tokens: int | None,
        warn: Callable[[str], None],
    ) -> None:
        self._trainer = trainer
        self._columns = columns
        self.overhead_tokens = overhead_tokens
        self.max_tokens = max_tokens
        self.warn = warn
        self.passes_must_match = trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled
        self._limit = max_tokens  # lowered where memory runs out
        self._collator: MicroBatchCollator | None = None
        self._collate_all: MicroBatchCollator | None = None
        self._last_batch: Batch | None = None
        self._largest = 0  # tokens of the largest micro-batch of the step
        self._had_room_for = Size(0, 0)  # the most that was computed so far

    @property
    def pads(self) -> bool:
        """Whether padding is computed."""
        return self.form == "padded"

    @property
    def smaller(self) -> int | None:
        """Tokens of a micro-batch that might fit where the largest of the last step did not."""
        return self._largest // 2 or None

    def share_costs(self, most_tokens: int) -> Costs:
        """What sharing rows among processes weighs, where no micro-batch may have more than
        ``most_tokens``. Equal in all processes, so not lowered where memory runs out."""
        return Costs(self.overhead_tokens, self._at_most(self.max_tokens, most_tokens), self.pads)

    def make_collator(
        self, collate: Collate, most_tokens: int, share: ProcessShare | None = None
    ) -> MicroBatchCollator:
        """The collator that splits rows. Once memory runs out it makes smaller micro-batches."""
        packs = self.form == "packed"
        # where nothing is padded, more micro-batches save nothing: only memory asks for them
        overhead = self.overhead_tokens if self.pads else NEVER_SPLIT
        costs = Costs(overhead, self._at_most(self._limit, most_tokens), pads=not packs)
        self._collator = MicroBatchCollator(collate, self._columns, costs, packs, share)
        self._collate_all = replace(self._collator, share=None)
        return self._collator

    @staticmethod
    def _at_most(limit: int | None, most_tokens: int) -> int:
        return most_tokens if limit is None else min(limit, most_tokens)

    def compute_step(
        self, model: nn.Module, batches: Iterable[Batch], items: Count | None, learn: Learn
    ) -> tuple[torch.Tensor, list[Batch]]:
        """The loss of a step, its gradient accumulated, and what was computed for it. Where memory
        runs out the whole step is computed again with smaller micro-batches.

        Raises:
            RunError: memory is too small for a single row.
        """
        # the largest first: if memory is too small for the step, that shows at once
        batches = sorted(batches, key=self._tokens_of, reverse=True)
        while True:
            if self._limit is not None:
                batches = [
                    part
                    for batch in batches
                    for part in split_to_fit(batch, self._columns, self._limit)
                ]
            passes = self._plan(batches, items)
            loss, too_large = self._compute(model, passes, learn)
            if too_large is None:
                return loss, [one.batch for one in passes]
            self._allow_less(too_large)
            # what was accumulated before memory ran out is computed again with the rest
            model.zero_grad()
            if isinstance(model, DistributedDataParallel):
                # the others got their buffers in the first pass, and wait for no more
                model.require_forward_param_sync = False
            free_memory()

    def _tokens_of(self, batch: Batch) -> int:
        return tokens_of(batch, self._columns)

    def _compute(
        self, model: nn.Module, passes: list[Pass], learn: Learn
    ) -> tuple[torch.Tensor, Batch | None]:
        """The loss of the passes, and the batch that was too large for the memory."""
        accelerator = self._trainer.accelerator
        loss = torch.zeros((), device=self._trainer.args.device)
        self._largest = max(self._tokens_of(one.batch) for one in passes)
        for index, one in enumerate(passes):
            is_last = index == len(passes) - 1
            # DeepSpeed's engine reads this to know when to step
            accelerator.gradient_state._set_sync_gradients(is_last)
            try:
                with self._synchronising(model, is_last), self._randomness_of(one):
                    loss = loss + learn(one.batch, one.items_of_step)
            except RuntimeError as error:
                if not is_out_of_memory(error) or not self._can_retry(is_last):
                    raise
                return loss, one.batch
            self._last_batch = one.batch
            self._had_room_for = self._had_room_for.with_room_for(self._size_of(one.batch))
        return loss, None

    def _plan(self, batches: list[Batch], items: Count | None) -> list[Pass]:
        accelerator = self._trainer.accelerator
        least = 1
        if self.passes_must_match:
            count = torch.tensor([len(batches)], device=self._trainer.args.device)
            least = max(1, int(accelerator.gather(count).max()))
        spare = None if batches else self._spare()
        passes = plan_passes(batches, items, least, spare, self._columns)
        last = passes[-1].batch
        if (
            accelerator.num_processes > 1
            and not self.passes_must_match
            and rows_of(last) > 1
            and not self._had_room_for.has_room_for(self._size_of(last))
        ):
            # a process cannot leave the pass in which all synchronise: the last pass is one row of
            # the batch with a weight of zero, for which there is room
            passes.append(idle_pass(split_rows(last, 1)[0]))
        return passes

    def _spare(self) -> Batch:
        """A batch for a step in which this process has no rows. A run may go on with such a step.

        Raises:
            RunError: no step has rows for all processes.
        """
        if self._last_batch is None:
            processes = self._trainer.accelerator.num_processes
            rows = first_rows(self._trainer.train_dataset, processes)
            if len(rows) < processes or self._collate_all is None:
                raise RunError(
                    "there are fewer training rows than processes",
                    slug="corpus-too-small",
                    at=("data",),
                )
            (batch,) = self._collate_all(rows[:1])
            self._last_batch = dict(send_to_device(batch, self._trainer.args.device))
        return self._last_batch

    def _size_of(self, batch: Batch) -> Size:
        """What decides whether there is room for a batch."""
        padded = self._tokens_of(batch)
        if self.form != "packed_layers" or self._trainer.accelerator.num_processes == 1:
            return Size(padded, padded)
        counts = TokenCounts()
        counts.add(batch, self._columns)
        return Size(padded, counts.real)

    def _synchronising(self, model: nn.Module, is_last: bool) -> AbstractContextManager[None]:
        accelerator = self._trainer.accelerator
        if is_last or accelerator.distributed_type == DistributedType.DEEPSPEED:
            return nullcontext()
        context: AbstractContextManager[None] = accelerator.no_sync(model)
        return context

    def _randomness_of(self, one: Pass) -> AbstractContextManager[None]:
        """An idle pass draws no random numbers of the run: a resumed run makes other idle passes
        than one without a stop, and must draw the same masks of dropout."""
        return own_randomness(self._trainer.args.device) if one.is_idle else nullcontext()

    def _can_retry(self, is_last: bool) -> bool:
        """Other processes would wait for ever if one left a pass that they are in."""
        is_awaited = is_last and self._trainer.accelerator.num_processes > 1
        return not self.passes_must_match and not is_awaited

    def _allow_less(self, batch: Batch) -> None:
        rows, tokens = rows_of(batch), self._tokens_of(batch)
        if rows == 1:
            raise row_too_large(tokens)
        self._limit = tokens // 2
        if self._collator is not None:
            # workers have copies: what those still split as before is split again
            self._collator.costs = self._collator.costs.within(self._limit)
        self.warn(
            f"out of memory at a micro-batch of {rows} rows and {tokens:,} tokens: retrying the "
            f"step with micro-batches of at most {self._limit:,} tokens, from now on; "
            f'"performance: {{max_tokens_per_device: {self._limit}}}" sets this from the start'
        )
