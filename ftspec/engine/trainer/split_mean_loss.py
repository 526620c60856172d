"""A Trainer that evaluates splits, of which it knows the exact mean loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from datasets import Dataset, IterableDataset
from torch import nn
from torch.utils.data import DataLoader
from transformers import EvalPrediction
from transformers.trainer_utils import EvalLoopOutput

from ftspec.engine.batching.joined_outputs import join_parts
from ftspec.engine.batching.micro_batches import rows_of, split_to_fit, tokens_of
from ftspec.engine.batching.out_of_memory import (
    free_memory,
    is_out_of_memory,
    row_too_large,
    too_large_to_evaluate,
)
from ftspec.engine.trainer.own_rows import OwnRows
from ftspec.protocols import Task

LossMetrics = Callable[[float], Mapping[str, float]]
"""The mean loss of a split to the metrics that score it, such as perplexity."""

PredictionMetrics = Callable[[EvalPrediction, Dataset | IterableDataset], dict[str, float]]
"""What the model gave for the encoded rows of a split to the metrics that score it."""


class SplitMeanLoss(OwnRows):
    """Evaluates the mean over the items of a split, on as many processes as there are."""

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
        self._loss_sum = 0.0
        self._item_count = 0.0

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
        """Add the loss of the first ``own`` rows, computed once more where others were with them.
        Processes that must make equally many passes all do so, if one does."""
        if own == 0 and not self._counts_must_match:
            return
        if own < rows_of(inputs) or (self._counts_must_match and self._repeats_rows):
            inputs = {name: value[: max(1, own)] for name, value in inputs.items()}
            with torch.no_grad(), self.compute_loss_context_manager():
                loss, _ = self.compute_loss(model, self._prepare_inputs(inputs), True)
        items = float(self.task.count_loss_items(inputs))
        if own > 0 and items > 0:
            self._loss_sum += float(loss) * items
            self._item_count += items

    @property
    def _repeats_rows(self) -> bool:
        """Whether the batches of this pass are the last, which accelerate fills up with the split's
        first rows, so that all processes have batches of one size."""
        state = self.accelerator.gradient_state
        return bool(state.end_of_dataloader and state.remainder > 0)

    def _own_rows(self, rows: int) -> int:
        """How many of the rows are this process's own."""
        if not self._repeats_rows:
            return rows
        remainder = int(self.accelerator.gradient_state.remainder)
        return min(rows, max(0, remainder - int(self.accelerator.process_index) * rows))

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
