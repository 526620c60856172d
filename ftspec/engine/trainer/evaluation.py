"""Evaluates splits: the exact mean loss, in batches that fit into memory, rows in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from datasets import Dataset, IterableDataset
from transformers import EvalPrediction, Trainer
from transformers.trainer_utils import EvalLoopOutput

from ftspec.engine.batching.evaluation_order import put_back
from ftspec.engine.batching.joined_outputs import Outputs, join_outputs
from ftspec.engine.batching.micro_batches import rows_of, split_to_fit, tokens_of
from ftspec.engine.batching.out_of_memory import (
    free_memory,
    is_out_of_memory,
    row_too_large,
    too_large_to_evaluate,
)
from ftspec.engine.batching.packed_sequence import Batch
from ftspec.protocols import Task

LossMetrics = Callable[[float], Mapping[str, float]]
"""From the mean loss of a split to the metrics of it, such as perplexity."""

PredictionMetrics = Callable[[EvalPrediction, Dataset | IterableDataset], dict[str, float]]
"""From what the model predicted for the encoded rows of a split to the metrics of it."""


class SplitEvaluation:
    """Evaluations of one Trainer, on any number of processes.

    Attributes:
        rows: those that are evaluated, which metrics see.
        order: in which rows are computed, if that is not their own order.
        reduce_logits: applied to the parts of a batch, before they are joined: whole logits are
            the largest tensors of an evaluation.
    """

    def __init__(
        self,
        trainer: Trainer,
        task: Task,
        *,
        loss_metrics: LossMetrics,
        prediction_metrics: PredictionMetrics | None,
        reduce_logits: Callable[..., Any] | None,
        warn: Callable[[str], None],
    ) -> None:
        self._trainer = trainer
        self._task = task
        self._loss_metrics = loss_metrics
        self._prediction_metrics = prediction_metrics
        self.reduce_logits = reduce_logits
        self.warn = warn
        # engines that shard weights synchronise in every pass, not only in the last one
        self.passes_must_match = trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled
        self.rows: Any = None
        self.order: list[int] | None = None
        self._max_tokens: int | None = None  # set when memory runs out
        self._loss_sum = 0.0
        self._items = 0.0

    def run(self, loop: Callable[[], EvalLoopOutput], prefix: str) -> EvalLoopOutput:
        """The output of the Trainer's ``loop`` over a split, with rows in their order and the mean
        loss over items: the Trainer weights the mean of a batch by its rows, however many tokens
        they have.

        Raises:
            RunError: memory ran out, and smaller batches cannot be tried.
        """
        order, self.order = self.order, None
        self._loss_sum = self._items = 0.0
        compute = self._trainer.compute_metrics
        if compute is not None and order is not None:
            self._trainer.compute_metrics = lambda outputs: compute(
                EvalPrediction(
                    put_back(outputs.predictions, order), put_back(outputs.label_ids, order)
                )
            )
        try:
            output = loop()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise too_large_to_evaluate() from error
        finally:
            self._trainer.compute_metrics = compute
        self._add_loss(output.metrics, prefix)
        if order is None:
            return output
        return output._replace(
            predictions=put_back(output.predictions, order),
            label_ids=put_back(output.label_ids, order),
        )

    @contextmanager
    def keeping_outputs(self) -> Iterator[list[EvalPrediction]]:
        """Inside, what the model predicts is kept beside its metrics, one for each evaluation:
        what metrics score, or the losses of rows where metrics score the loss alone."""
        kept: list[EvalPrediction] = []
        trainer, score = self._trainer, self._prediction_metrics
        before = trainer.compute_metrics, self.reduce_logits, trainer.args.prediction_loss_only

        def keep(outputs: EvalPrediction, rows: Dataset | IterableDataset) -> dict[str, float]:
            kept.append(outputs)
            return {} if score is None else score(outputs, rows)

        self._prediction_metrics = keep
        trainer.compute_metrics = self.compute_metrics
        if score is None and self._task.describes_losses:
            self.reduce_logits = self._task.reduce_losses
            trainer.args.prediction_loss_only = False
        try:
            yield kept
        finally:
            self._prediction_metrics = score
            trainer.compute_metrics, self.reduce_logits, only_loss = before
            trainer.args.prediction_loss_only = only_loss

    def compute_metrics(self, outputs: EvalPrediction) -> dict[str, float]:
        """The metrics of what the model predicted for the rows."""
        assert self._prediction_metrics is not None
        return self._prediction_metrics(outputs, self.rows)

    def _add_loss(self, metrics: dict[str, float] | None, prefix: str) -> None:
        sums = torch.tensor([self._loss_sum, self._items], dtype=torch.float64)
        if self._trainer.accelerator.num_processes > 1:
            sums = sums.to(self._trainer.args.device, torch.float32)
            sums = self._trainer.accelerator.reduce(sums, reduction="sum")
        loss_sum, items = sums.tolist()
        if items > 0 and metrics is not None:
            loss = loss_sum / items
            metrics[f"{prefix}_loss"] = loss
            for name, value in self._loss_metrics(loss).items():
                metrics[f"{prefix}_{name}"] = value

    def predict(
        self,
        batch: Batch,
        predict: Callable[[Batch], Outputs],
        mean_loss: Callable[[Batch], torch.Tensor],
    ) -> Outputs:
        """What ``predict`` gives for a batch. Where memory runs out the batch is computed in parts,
        and so are larger batches from then on.

        Raises:
            RunError: memory is too small for a single row.
        """
        sums = self._loss_sum, self._items
        while True:
            parts = [batch]
            if self._max_tokens is not None:
                parts = split_to_fit(batch, self._task.length_columns, self._max_tokens)
            outputs, too_large = self._predict_parts(parts, predict, mean_loss)
            if too_large is None:
                return join_outputs(outputs, [rows_of(part) for part in parts])
            del outputs
            self._loss_sum, self._items = sums
            self._allow_less(too_large)
            free_memory()

    def _predict_parts(
        self,
        parts: list[Batch],
        predict: Callable[[Batch], Outputs],
        mean_loss: Callable[[Batch], torch.Tensor],
    ) -> tuple[list[Outputs], Batch | None]:
        """Loss, reduced logits and labels of each part, and the part that is too large."""
        outputs: list[Outputs] = []
        own = self._own_rows(sum(map(rows_of, parts)))
        for part in parts:
            try:
                loss, logits, labels = predict(part)
                if loss is not None:
                    self._add(part, loss, min(own, rows_of(part)), mean_loss)
                if logits is not None and self.reduce_logits is not None:
                    logits = self.reduce_logits(logits, labels)
            except RuntimeError as error:
                # else other processes would wait for ever, or rows that belong together be parted
                may_split = self._task.rows_are_independent and not self.passes_must_match
                if not is_out_of_memory(error) or not may_split:
                    raise
                return outputs, part
            own = max(0, own - rows_of(part))
            outputs.append((loss, logits, labels))
        return outputs, None

    def _add(
        self,
        batch: Batch,
        loss: torch.Tensor,
        own: int,
        mean_loss: Callable[[Batch], torch.Tensor],
    ) -> None:
        """Add the loss of the first ``own`` rows. It is computed again if the batch has others.
        Where passes must match, all processes compute it again if one does."""
        if own == 0 and not self.passes_must_match:
            return
        if own < rows_of(batch) or (self.passes_must_match and self._repeats_rows):
            batch = {name: value[: max(1, own)] for name, value in batch.items()}
            loss = mean_loss(batch)
        items = float(self._task.count_loss_items(batch))
        if own > 0 and items > 0:
            self._loss_sum += float(loss) * items
            self._items += items

    @property
    def _repeats_rows(self) -> bool:
        """Whether these batches are the last, which accelerate fills up with the first rows of the
        split, so that all processes have batches of one size."""
        state = self._trainer.accelerator.gradient_state
        return bool(state.end_of_dataloader and state.remainder > 0)

    def _own_rows(self, rows: int) -> int:
        """How many of the rows are this process's own."""
        if not self._repeats_rows:
            return rows
        accelerator = self._trainer.accelerator
        remainder = int(accelerator.gradient_state.remainder)
        return min(rows, max(0, remainder - int(accelerator.process_index) * rows))

    def _allow_less(self, batch: Batch) -> None:
        rows, tokens = rows_of(batch), tokens_of(batch, self._task.length_columns)
        if rows == 1:
            raise row_too_large(tokens)
        if self._max_tokens is None:
            self.warn(
                f"memory ran out at an evaluation batch of {rows} rows and {tokens:,} tokens: "
                "batches of this size are evaluated in parts from now on; a smaller "
                '"per_device_eval_batch_size" avoids it'
            )
        self._max_tokens = tokens // 2
