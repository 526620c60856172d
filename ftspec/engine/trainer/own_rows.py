"""The data loaders of a Trainer: whose rows they give, and who ends their workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from accelerate.data_loader import IterableDatasetShard, prepare_data_loader
from datasets import Dataset, IterableDataset
from torch.utils.data import DataLoader
from transformers import Trainer


class OwnRows(Trainer):
    """Gives each of several processes its own rows, of a stream too."""

    def get_train_dataloader(self) -> DataLoader[Any]:
        """As the Trainer, but of a stream each process reads all rows and keeps its own. Else one
        would read for all, and could not part batches that are padded to unlike widths."""
        rows: Any = self.train_dataset
        if not isinstance(rows, IterableDataset) or self.accelerator.num_processes == 1:
            loader: DataLoader[Any] = super().get_train_dataloader()
            return loader
        own = IterableDatasetShard(
            rows,
            batch_size=self._train_batch_size,
            drop_last=self.args.dataloader_drop_last,
            num_processes=self.accelerator.num_processes,
            process_index=self.accelerator.process_index,
        )
        return self.load_own(
            own,
            batch_size=self._train_batch_size,
            drop_last=self.args.dataloader_drop_last,
            collate_fn=self.data_collator,
        )

    def load_own(self, rows: Any, **options: Any) -> DataLoader[Any]:
        """The loader of rows that are this process's own, which nobody need part any more."""
        names = (
            "num_workers",
            "pin_memory",
            "persistent_workers",
            "prefetch_factor",
            "multiprocessing_context",
        )
        loading = {name: getattr(self.args, f"dataloader_{name}") for name in names}
        settings = self.accelerator.dataloader_config
        prepared: DataLoader[Any] = prepare_data_loader(
            DataLoader(rows, **loading | options),
            self.accelerator.device,
            num_processes=1,
            process_index=0,
            put_on_device=self.accelerator.device_placement,
            dispatch_batches=False,
            use_seedable_sampler=settings.use_seedable_sampler,
            data_seed=settings.data_seed,
            non_blocking=settings.non_blocking,
        )
        return prepared

    def rows_to_evaluate(self, rows: Any) -> Any:
        """The rows given, or those of the validation split. Several processes share rows that are
        there, of which they know how many they are."""
        rows = self.eval_dataset if rows is None else rows
        if isinstance(rows, IterableDataset) and self.accelerator.num_processes > 1:
            return Dataset.from_list(list(rows))
        return rows

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader[Any]:
        """As the Trainer, but all rows are evaluated, whatever training drops; and workers end with
        an evaluation. Where they persist the Trainer gives the loader of the rows that it evaluated
        first, whatever rows it is asked for."""
        with self.with_arguments(dataloader_persistent_workers=False, dataloader_drop_last=False):
            loader: DataLoader[Any] = super().get_eval_dataloader(
                self.rows_to_evaluate(eval_dataset)
            )
        return loader

    def end_workers(self) -> None:
        """End workers that persist. Left to the garbage collector, which closes their queues before
        they are told, each would be waited for five seconds."""
        loader: Any = self.callback_handler.train_dataloader
        loader = getattr(loader, "base_dataloader", loader)  # which accelerate wraps
        iterator = getattr(loader, "_iterator", None)
        if iterator is not None:
            loader._iterator = None
            iterator._shutdown_workers()

    @contextmanager
    def with_arguments(self, **values: Any) -> Iterator[None]:
        """Other values of arguments, for a while."""
        before = {name: getattr(self.args, name) for name in values}
        vars(self.args).update(values)
        try:
            yield
        finally:
            vars(self.args).update(before)
