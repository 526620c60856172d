"""How rows are loaded: which rows each process gets, in which order, and who ends the workers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from accelerate.data_loader import IterableDatasetShard, prepare_data_loader
from datasets import Dataset, IterableDataset
from torch.utils.data import DataLoader
from torch.utils.data import IterableDataset as TorchIterableDataset
from transformers import Trainer
from transformers.trainer_utils import seed_worker

from ftspec.engine.batching.evaluation_order import batch_by_length
from ftspec.engine.batching.micro_batches import MicroBatches
from ftspec.engine.batching.process_share import ProcessShare
from ftspec.engine.batching.row_lengths import (
    first_rows,
    lengths_in,
    lengths_of_rows,
    width_multiple,
)
from ftspec.engine.batching.sampler import GroupingSampler, StepSampler
from ftspec.engine.batching.split_by_length import LengthTable
from ftspec.engine.trainer.global_batch import GlobalBatch
from ftspec.engine.trainer.micro_batching import MicroBatching
from ftspec.protocols import Task

_STREAMED_ROWS_MEASURED = 100
"""Rows of a stream whose lengths stand for those of all."""

_LOADER_ARGUMENTS = (
    "num_workers",
    "pin_memory",
    "persistent_workers",
    "prefetch_factor",
    "multiprocessing_context",
    "in_order",
)


class RowLoaders:
    """Makes the data loaders of one Trainer."""

    def __init__(
        self, trainer: Trainer, task: Task, global_batch: GlobalBatch | None = None
    ) -> None:
        self._trainer = trainer
        self._task = task
        self._global_batch = global_batch
        self._known_lengths: tuple[Any, LengthTable] | None = None

    @property
    def rows_of_step(self) -> int:
        """Rows of an optimizer step, on all processes together."""
        rows: int = self._trainer.get_total_train_batch_size(self._trainer.args)
        return rows

    @property
    def rows_of_batch(self) -> int:
        """Rows of a batch on one process, for all devices that it feeds. A step accumulates
        several."""
        processes: int = self._trainer.accelerator.num_processes
        return math.ceil(self._rows_of_part / processes)

    @property
    def _rows_of_part(self) -> int:
        """Rows of a batch on all processes."""
        parts: int = self._trainer.args.gradient_accumulation_steps
        return self.rows_of_step // parts

    @property
    def rows_of_own_step(self) -> int:
        """Rows of an optimizer step on one process, on average."""
        return self.rows_of_batch * self._trainer.args.gradient_accumulation_steps

    @property
    def most_tokens(self) -> int:
        """Tokens of the largest micro-batch: as many as a batch of the longest rows has. Memory has
        room for it, since the spec asks for batches of so many rows."""
        longest = self._lengths().max(axis=0, initial=0)
        batch = self._global_batch
        rows = self.rows_of_batch if batch is None else batch.rows_at_once
        return max(1, rows * int(longest.sum()))

    @property
    def longest_rows(self) -> list[int]:
        """The tokens of the longest training row, in each sequence."""
        return [int(length) for length in self._lengths().max(axis=0, initial=0)]

    def _lengths(self) -> LengthTable:
        """Of all training rows, as wide as they are padded; of a stream those of the first."""
        rows, columns = self._trainer.train_dataset, self._task.length_columns
        if self._known_lengths is None or self._known_lengths[0] is not rows:
            multiple = width_multiple(self._trainer.data_collator)
            if isinstance(rows, Dataset):
                lengths = lengths_in(rows, columns, multiple)
            else:
                some = first_rows(rows, _STREAMED_ROWS_MEASURED)
                lengths = lengths_of_rows(some, columns, multiple)
            self._known_lengths = rows, lengths
        return self._known_lengths[1]

    def load_in_steps(self, micro_batching: MicroBatching) -> DataLoader[Any]:
        """The training rows of each step as micro-batches, in as many parts as the Trainer
        accumulates. Rows come in the order of the plain Trainer."""
        rows: Any = self._trainer.train_dataset
        share = self._share(micro_batching)
        if isinstance(rows, IterableDataset):
            return self._load_stream_in_steps(rows, micro_batching, share)
        trainer, arguments = self._trainer, self._trainer.args
        collator = micro_batching.make_collator(trainer.data_collator, self.most_tokens)
        kept = len(rows)
        if arguments.dataloader_drop_last:
            kept -= kept % self._rows_of_part
        sampler: Any = trainer._get_train_sampler(rows)
        return self._load_own(
            rows,
            collate_fn=collator,
            batch_sampler=StepSampler(
                sampler=sampler,
                rows=kept,
                rows_of_step=self.rows_of_step,
                lengths=self._lengths(),
                parts=arguments.gradient_accumulation_steps,
                costs=collator.costs,
                share=share,
            ),
            worker_init_fn=self._seed_worker(),
        )

    def _load_stream_in_steps(
        self, rows: IterableDataset, micro_batching: MicroBatching, share: ProcessShare | None
    ) -> DataLoader[Any]:
        """Each process reads all rows of a step, and keeps its own."""
        arguments = self._trainer.args
        collate = self._trainer.data_collator
        options: dict[str, Any] = {
            "batch_size": self.rows_of_step,
            "drop_last": arguments.dataloader_drop_last,
            "collate_fn": micro_batching.make_collator(collate, self.most_tokens, share),
        }
        parts = arguments.gradient_accumulation_steps
        if parts == 1:
            return self._load_own(rows, **options)
        steps = DataLoader(rows, **self._options() | options)
        return self._prepare(DataLoader(_PartsOfSteps(steps, parts), batch_size=None))

    def _share(self, micro_batching: MicroBatching) -> ProcessShare | None:
        accelerator = self._trainer.accelerator
        if accelerator.num_processes == 1:
            return None
        return ProcessShare(
            process=accelerator.process_index,
            world_size=accelerator.num_processes,
            costs=micro_batching.share_costs(self.most_tokens),
        )

    def load_grouped(self) -> DataLoader[Any]:
        """The training rows in batches of similar length, in a slightly different order."""
        arguments = self._trainer.args
        rows: Any = self._trainer.train_dataset
        lengths = lengths_in(rows, self._task.length_columns).sum(axis=1).tolist()
        seed = arguments.seed if arguments.data_seed is None else arguments.data_seed
        loader = DataLoader(
            rows,
            batch_size=self.rows_of_batch,
            sampler=GroupingSampler(lengths, self.rows_of_own_step, seed),
            drop_last=arguments.dataloader_drop_last,
            collate_fn=self._trainer.data_collator,
            worker_init_fn=self._seed_worker(),
            **self._options(),
        )
        prepared: DataLoader[Any] = self._trainer.accelerator.prepare(loader)
        return prepared

    def load_shared_stream(self) -> DataLoader[Any] | None:
        """The batches of a training stream, of which each process reads all rows and keeps its own.
        By default one process reads for all, and cannot distribute batches that are padded to
        different widths. ``None`` where there is no need."""
        rows, accelerator = self._trainer.train_dataset, self._trainer.accelerator
        if not isinstance(rows, IterableDataset) or accelerator.num_processes == 1:
            return None
        arguments = self._trainer.args
        own = IterableDatasetShard(
            rows,
            batch_size=self.rows_of_batch,
            drop_last=arguments.dataloader_drop_last,
            num_processes=accelerator.num_processes,
            process_index=accelerator.process_index,
        )
        return self._load_own(
            own,
            batch_size=self.rows_of_batch,
            drop_last=arguments.dataloader_drop_last,
            collate_fn=self._trainer.data_collator,
        )

    def rows_to_evaluate(self, rows: Any) -> Any:
        """The rows given, or those of the validation split. Several processes can share a stream
        only once all its rows are read, so that their number is known."""
        rows = self._trainer.eval_dataset if rows is None else rows
        if isinstance(rows, IterableDataset) and self._trainer.accelerator.num_processes > 1:
            return Dataset.from_list(list(rows))
        return rows

    def evaluation_batches(self, rows: Any) -> list[list[int]] | None:
        """Batches of similar length, the longest first, within the tokens that
        ``per_device_eval_batch_size`` of the longest rows have; ``None`` if lengths are unknown."""
        columns = self._task.length_columns
        if not isinstance(rows, Dataset) or any(name not in rows.column_names for name in columns):
            return None
        lengths = lengths_in(rows, columns, width_multiple(self._trainer.data_collator))
        return batch_by_length(lengths, self._trainer.args.eval_batch_size)

    def load_batches(self, rows: Dataset, batches: list[list[int]]) -> DataLoader[Any]:
        """Batches to evaluate, whose workers end with them."""
        return self._load_own(
            rows,
            batch_sampler=batches,
            collate_fn=self._trainer.data_collator,
            persistent_workers=False,
        )

    def _load_own(self, rows: Any, **options: Any) -> DataLoader[Any]:
        """The loader of rows that are this process's own."""
        return self._prepare(DataLoader(rows, **self._options() | options))

    def _options(self) -> dict[str, Any]:
        arguments = self._trainer.args
        return {name: getattr(arguments, f"dataloader_{name}") for name in _LOADER_ARGUMENTS}

    def _seed_worker(self) -> Callable[[int], None]:
        """Seeds workers as the plain Trainer does for rows that have a sampler."""
        arguments = self._trainer.args
        return partial(
            seed_worker,
            num_workers=arguments.dataloader_num_workers,
            rank=arguments.process_index,
        )

    def _prepare(self, loader: DataLoader[Any]) -> DataLoader[Any]:
        """As accelerate does for a process that is alone."""
        accelerator = self._trainer.accelerator
        settings = accelerator.dataloader_config
        prepared: DataLoader[Any] = prepare_data_loader(
            loader,
            accelerator.device,
            num_processes=1,
            process_index=0,
            put_on_device=accelerator.device_placement,
            dispatch_batches=False,
            use_seedable_sampler=settings.use_seedable_sampler,
            data_seed=settings.data_seed,
            non_blocking=settings.non_blocking,
        )
        return prepared

    def end_workers(self) -> None:
        """End persistent workers of training. The garbage collector would close their queues before
        it stops them, and then wait five seconds for each."""
        loader: Any = self._trainer.callback_handler.train_dataloader
        loader = getattr(loader, "base_dataloader", loader)  # which accelerate wraps
        inner: Any = getattr(getattr(loader, "dataset", None), "steps", None)  # of a stream
        for one in (loader, inner):
            iterator = getattr(one, "_iterator", None)
            if iterator is not None:
                one._iterator = None
                iterator._shutdown_workers()


class _PartsOfSteps(TorchIterableDataset[MicroBatches]):
    """The steps of a loader, each as the last of several parts. The parts before it are empty."""

    def __init__(self, steps: DataLoader[MicroBatches], parts: int) -> None:
        self.steps = steps
        self._parts = parts

    def set_epoch(self, epoch: int) -> None:
        """Let the rows know which epoch is read."""
        rows: Any = self.steps.dataset
        if hasattr(rows, "set_epoch"):
            rows.set_epoch(epoch)

    def __iter__(self) -> Iterator[MicroBatches]:
        for step in self.steps:
            yield from (MicroBatches() for _ in range(self._parts - 1))
            yield step
