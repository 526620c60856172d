"""A Trainer that evaluates rows of like length together and gives results back in order."""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from torch.utils.data import DataLoader
from transformers import EvalPrediction
from transformers.trainer_utils import EvalLoopOutput

from ftspec.engine.batching.evaluation_order import batch_by_length, flat, put_back
from ftspec.engine.batching.row_lengths import lengths_in
from ftspec.engine.batching.sizes import width_multiple
from ftspec.engine.trainer.batch_mean_loss import BatchMeanLoss


class EvaluationByLength(BatchMeanLoss):
    """Evaluates the longest rows first, and more of the shorter ones at once."""

    _order: list[int] | None = None

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader[Any]:
        """Batches by length, within the tokens that ``per_device_eval_batch_size`` of the longest
        rows have. Several processes take batches of one size, of rows sorted."""
        rows = self.rows_to_evaluate(eval_dataset)
        columns = self.task.length_columns
        if not isinstance(rows, Dataset) or any(name not in rows.column_names for name in columns):
            return super().get_eval_dataloader(rows)
        lengths = lengths_in(rows, columns, width_multiple(self.data_collator))
        batches = batch_by_length(lengths, self.args.eval_batch_size)
        self._order = flat(batches)
        if self.accelerator.num_processes > 1:
            return super().get_eval_dataloader(rows.select(self._order))
        return self.load_own(
            rows,
            batch_sampler=batches,
            collate_fn=self.data_collator,
            persistent_workers=False,
        )

    def evaluation_loop(self, *arguments: Any, **options: Any) -> EvalLoopOutput:
        """As the Trainer, and metrics get predictions in the order of the rows."""
        order, self._order = self._order, None
        if order is None:
            return super().evaluation_loop(*arguments, **options)
        compute = self.compute_metrics

        def compute_in_order(outputs: EvalPrediction) -> dict[str, float]:
            assert compute is not None
            predictions = put_back(outputs.predictions, order)
            return compute(EvalPrediction(predictions, put_back(outputs.label_ids, order)))

        if compute is not None:
            self.compute_metrics = compute_in_order
        try:
            output = super().evaluation_loop(*arguments, **options)
        finally:
            self.compute_metrics = compute
        return output._replace(
            predictions=put_back(output.predictions, order),
            label_ids=put_back(output.label_ids, order),
        )
