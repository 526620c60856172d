"""The Trainer with the loss put right: a step's loss is the mean over the step's own items.

transformers weights the micro-batches of a step by the number of items only for models that take
``num_items_in_batch``; a classification head swallows that argument without using it, and with
accumulation its loss and gradient come out as many times too large as there are micro-batches. Here
the task counts the items of each micro-batch, the model gives its own mean, and the step sums
``mean * items / items of the step``, whatever the model, the accumulation and the number of
processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset, IterableDataset
from torch import nn
from torch.utils.data import DataLoader
from transformers import EvalPrediction, Trainer
from transformers.trainer_utils import EvalLoopOutput, TrainOutput

from ftspec.engine.batching.memory import (
    free_memory,
    is_out_of_memory,
    row_too_large,
    too_large_to_evaluate,
    too_large_to_train,
)
from ftspec.engine.batching.micro_batches import rows_of, split_to_fit, tokens_of
from ftspec.engine.batching.parts import join_parts
from ftspec.engine.batching.sizes import line_multiple
from ftspec.engine.batching.token_counts import TokenCounts
from ftspec.protocols import Task

LossMetrics = Callable[[float], Mapping[str, float]]
"""The mean loss of a split to the metrics that score it, such as perplexity."""

PredictionMetrics = Callable[[EvalPrediction, Dataset | IterableDataset], dict[str, float]]
"""What the model gave for the encoded rows of a split to the metrics that score it."""


class BatchMeanLoss(Trainer):
    """Weights micro-batches by their items. Mixed in before the Trainer class a task asks for.

    Attributes:
        token_counts: of all that this process has trained on so far.
    """

    # the loss of a micro-batch is already its share of the step's mean
    loss_is_scaled_for_ga = True

    task: Task

    def __init__(
        self,
        *arguments: Any,
        task: Task,
        loss_metrics: LossMetrics,
        prediction_metrics: PredictionMetrics | None,
        warn: Callable[[str], None],
        **options: Any,
    ) -> None:
        self.task = task
        self.token_counts = TokenCounts()
        super().__init__(*arguments, **options)
        self._warn = warn
        # of each part of a batch, before parts are put together: whole logits are the largest
        self._reduce_logits: Callable[..., Any] | None = self.preprocess_logits_for_metrics
        self.preprocess_logits_for_metrics = None
        self._evaluation_cap: int | None = None  # tokens; set where memory runs out
        # engines that shard weights talk to each other in every pass, not only in the last
        self._counts_must_match = self.is_fsdp_enabled or self.is_deepspeed_enabled
        if prediction_metrics is not None:
            self.compute_metrics = lambda outputs: prediction_metrics(outputs, self._evaluated)
        self._loss_metrics = loss_metrics
        # transformers before loss_is_scaled_for_ga: do not divide by the accumulation steps again
        self.model_accepts_loss_kwargs = True
        self._loss_sum = 0.0
        self._item_count = 0.0
        self._flop_of_token: float | None = None
        self._filters_losses = False

    @property
    def pads(self) -> bool:
        """Whether padding is computed."""
        return True

    @property
    def line_multiple(self) -> int:
        """What the tokens of a line are a multiple of, where rows lie in one."""
        return line_multiple(self)

    def train(self, *arguments: Any, **options: Any) -> TrainOutput:
        """As the Trainer.

        Raises:
            RunError: memory ran out, and nothing smaller can be tried.
        """
        try:
            with self._filtering_losses():
                return super().train(*arguments, **options)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise too_large_to_train(self._smaller_micro_batch()) from error
        finally:
            self._end_workers()

    @contextmanager
    def _filtering_losses(self) -> Iterator[None]:
        """Do here what the Trainer does with ``logging_nan_inf_filter``, for which it waits for the
        device in each step."""
        self._filters_losses = self.args.logging_nan_inf_filter
        self.args.logging_nan_inf_filter = False
        try:
            yield
        finally:
            self.args.logging_nan_inf_filter, self._filters_losses = self._filters_losses, False

    def _end_workers(self) -> None:
        """End workers that persist. Left to the garbage collector, which closes their queues before
        they are told, each would be waited for five seconds."""
        loader: Any = self.callback_handler.train_dataloader
        loader = getattr(loader, "base_dataloader", loader)  # which accelerate wraps
        iterator = getattr(loader, "_iterator", None)
        if iterator is not None:
            loader._iterator = None
            iterator._shutdown_workers()

    def _smaller_micro_batch(self) -> int | None:
        """Tokens of a micro-batch that might fit where the last one did not, if steps are cut."""
        return None

    def _run_epoch(self, *arguments: Any, **options: Any) -> None:
        """As the Trainer, which would make one more step when a run is resumed that has made all
        of them."""
        if self.state.global_step < self.state.max_steps and not self.control.should_training_stop:
            super()._run_epoch(*arguments, **options)  # type: ignore[no-untyped-call]

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader[Any]:
        """As the Trainer, but workers end with an evaluation. Where they persist the Trainer gives
        the loader of the rows that it evaluated first, whatever rows it is asked for."""
        persist = self.args.dataloader_persistent_workers
        self.args.dataloader_persistent_workers = False
        try:
            loader: DataLoader[Any] = super().get_eval_dataloader(eval_dataset)
        finally:
            self.args.dataloader_persistent_workers = persist
        return loader

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[Any], torch.Tensor | None]:
        """The micro-batches of a step and the number of items in all of them, on all processes."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        if not batches:
            return batches, None
        counts = [self._count_items(batch) for batch in batches]
        items = torch.stack([torch.as_tensor(count, device=device) for count in counts]).sum()
        if self.accelerator.num_processes > 1:
            items = self.accelerator.gather(items).sum()
        return batches, items

    def _count_items(self, batch: Any) -> torch.Tensor | int:
        """The items of what the data loader gave as one batch."""
        return self.task.count_loss_items(batch)

    def training_step(
        self,
        model: nn.Module,
        inputs: Any,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """As the Trainer, and counts tokens. Unless ``logging_nan_inf_filter`` is off the loss is a
        number: where it is none, the mean of those since the last log."""
        loss = self._train_on(model, inputs, num_items_in_batch)
        if not self._filters_losses:
            return loss
        mean = self._tr_loss / (1 + self.state.global_step - self._globalstep_last_logged)
        return torch.where(loss.isfinite(), loss, mean)

    def _train_on(
        self, model: nn.Module, inputs: Any, items: torch.Tensor | int | None
    ) -> torch.Tensor:
        """The loss of what the data loader gave as one batch, its gradient accumulated."""
        loss = super().training_step(model, inputs, items)
        columns = self.task.length_columns
        self.token_counts.add(inputs, columns, pads=self.pads, multiple=self.line_multiple)
        return loss

    def floating_point_ops(self, inputs: Any) -> int:
        """As the Trainer, which for each batch counts all parameters anew."""
        name = getattr(self.model, "main_input_name", "input_ids")
        tokens = inputs[name].numel() if name in inputs else 0
        if self._flop_of_token is None and tokens:
            self._flop_of_token = super().floating_point_ops(inputs) / tokens
        return round((self._flop_of_token or 0) * tokens)

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> None:
        """Never counted here: the model gives its own mean, and the task counts."""

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The mean loss of ``inputs``, or its share of the step when the step's items are given.

        Processes average their gradients, so each share is multiplied by their number.
        """
        # before the Trainer takes the labels out of the inputs to smooth them
        count = 0 if num_items_in_batch is None else self.task.count_loss_items(inputs)
        loss, outputs = super().compute_loss(model, inputs, return_outputs=True)
        if num_items_in_batch is not None:
            items = torch.as_tensor(count, device=loss.device)
            share = loss * items / num_items_in_batch * self.accelerator.num_processes
            # the mean of no items, as of an empty text, is not a number
            loss = torch.where(items > 0, share, torch.zeros_like(loss))
        return (loss, outputs) if return_outputs else loss

    def prediction_step(
        self, model: nn.Module, inputs: dict[str, Any], *rest: Any, **options: Any
    ) -> Any:
        """As the Trainer, and sums losses by items for an exact mean over the split. Where memory
        runs out the batch is computed in parts, and larger ones are from then on.

        Raises:
            RunError: memory is too small for a single row.
        """
        columns, sums = self.task.length_columns, (self._loss_sum, self._item_count)
        while True:
            parts = [inputs]
            if self._evaluation_cap is not None:
                parts = split_to_fit(inputs, columns, self._evaluation_cap)
            outputs, too_large = self._predict(model, parts, *rest, **options)
            if too_large is None:
                return join_parts(outputs, [rows_of(part) for part in parts])
            del outputs
            self._loss_sum, self._item_count = sums
            self._evaluate_in_parts(too_large)
            free_memory()

    def _predict(
        self, model: nn.Module, parts: list[dict[str, Any]], *rest: Any, **options: Any
    ) -> tuple[list[Any], dict[str, Any] | None]:
        """Loss, reduced logits and labels of each part, and the one too large for the memory."""
        outputs: list[Any] = []
        own = self._own_rows(sum(map(rows_of, parts)))
        for part in parts:
            try:
                loss, logits, labels = super().prediction_step(model, part, *rest, **options)
                if loss is not None:
                    self._add_to_mean(model, part, loss, min(own, rows_of(part)))
                if logits is not None and self._reduce_logits is not None:
                    logits = self._reduce_logits(logits, labels)
            except RuntimeError as error:
                # other processes would wait for ever, or rows of one batch be torn apart
                may_part = self.task.rows_are_independent and not self._counts_must_match
                if not is_out_of_memory(error) or not may_part:
                    raise
                return outputs, part
            own = max(0, own - rows_of(part))
            outputs.append((loss, logits, labels))
        return outputs, None

    def _evaluate_in_parts(self, batch: dict[str, Any]) -> None:
        rows, tokens = rows_of(batch), tokens_of(batch, self.task.length_columns)
        if rows == 1:
            raise row_too_large(tokens)
        if self._evaluation_cap is None:
            self._warn(
                f"memory ran out at an evaluation batch of {rows} rows and {tokens:,} tokens: from "
                "here on batches as large are evaluated in parts; a smaller "
                '"per_device_eval_batch_size" avoids it'
            )
        self._evaluation_cap = tokens // 2

    def _add_to_mean(
        self, model: nn.Module, inputs: dict[str, Any], loss: torch.Tensor, own: int
    ) -> None:
        """Add the loss of the first ``own`` rows."""
        rows = rows_of(inputs)
        if own < rows:
            inputs = {name: value[:own] for name, value in inputs.items()}
        items = float(self.task.count_loss_items(inputs))
        if items == 0:
            return
        if own < rows:
            with torch.no_grad(), self.compute_loss_context_manager():
                loss = self.compute_loss(model, self._prepare_inputs(inputs))
        self._loss_sum += float(loss) * items
        self._item_count += items

    def _own_rows(self, rows: int) -> int:
        """How many of the rows are this process's own: accelerate repeats the split's first rows at
        its end, so that all processes have batches of one size."""
        state = self.accelerator.gradient_state
        if not state.end_of_dataloader or state.remainder <= 0:
            return rows
        mine = int(state.remainder) - int(self.accelerator.process_index) * rows
        return min(rows, max(0, mine))

    def evaluate(
        self,
        eval_dataset: Any = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> dict[str, float]:
        """As the Trainer, and metrics see the rows that were evaluated."""
        self._evaluated = self.eval_dataset if eval_dataset is None else eval_dataset
        return super().evaluate(eval_dataset, ignore_keys, metric_key_prefix)

    def evaluation_loop(
        self,
        dataloader: DataLoader[Any],
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:
        """As the Trainer, with the mean loss over the items of the split: the Trainer weights the
        mean of a batch by its rows, however many tokens they have.

        Raises:
            RunError: memory ran out, and smaller batches cannot be tried.
        """
        self._loss_sum = self._item_count = 0.0
        try:
            output = super().evaluation_loop(
                dataloader, description, prediction_loss_only, ignore_keys, metric_key_prefix
            )
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise too_large_to_evaluate() from error
        loss_sum, item_count = self._loss_sum, self._item_count
        if self.accelerator.num_processes > 1:
            sums = torch.tensor([loss_sum, item_count], device=self.args.device)
            loss_sum, item_count = self.accelerator.reduce(sums, reduction="sum").tolist()
        if item_count > 0 and output.metrics is not None:
            loss = loss_sum / item_count
            output.metrics[f"{metric_key_prefix}_loss"] = loss
            for name, value in self._loss_metrics(loss).items():
                output.metrics[f"{metric_key_prefix}_{name}"] = value
        return output

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """As the Trainer, less its pickle of every argument, which may hold secrets; the run
        directory has them readable and masked."""
        super()._save(output_dir, state_dict)
        folder = output_dir or self.args.output_dir or "."
        Path(folder, "training_args.bin").unlink(missing_ok=True)


def trainer_class_for(
    base: type[Trainer], mixin: type[BatchMeanLoss] = BatchMeanLoss
) -> type[BatchMeanLoss]:
    """The class a task asks for, with the loss put right."""
    return type(f"{mixin.__name__}{base.__name__}", (mixin, base), {})
