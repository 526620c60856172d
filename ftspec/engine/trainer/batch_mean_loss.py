"""The Trainer with the loss put right: a step's loss is the mean over the step's own items.

transformers weights the micro-batches of a step by the number of items only for models that take
``num_items_in_batch``; a classification head swallows that argument without using it, and with
accumulation its loss and gradient come out as many times too large as there are micro-batches. Here
the task counts the items of each micro-batch, the model gives its own mean, and the step sums
``mean * items / items of the step``, whatever the model, the accumulation and the number of
processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers import Trainer
from transformers.trainer_utils import TrainOutput

from ftspec.engine.batching.micro_batches import rows_of
from ftspec.engine.batching.out_of_memory import is_out_of_memory, too_large_to_train
from ftspec.engine.batching.token_counts import TokenCounts
from ftspec.engine.patches.pickled_arguments import no_pickled_arguments
from ftspec.engine.trainer.recurring_sizes import line_multiple
from ftspec.engine.trainer.split_mean_loss import SplitMeanLoss


class BatchMeanLoss(SplitMeanLoss):
    """Weights micro-batches by their items. Mixed in before the Trainer class a task asks for.

    Attributes:
        token_counts: of all that this process has trained on so far.
    """

    # the loss of a micro-batch is already its share of the step's mean
    loss_is_scaled_for_ga = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.token_counts = TokenCounts()
        super().__init__(*arguments, **options)
        # transformers before loss_is_scaled_for_ga: do not divide by the accumulation steps again
        self.model_accepts_loss_kwargs = True
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
            self.end_workers()

    @contextmanager
    def _filtering_losses(self) -> Iterator[None]:
        """Do here what the Trainer does with ``logging_nan_inf_filter``, for which it waits for the
        device in each step."""
        self._filters_losses = self.args.logging_nan_inf_filter
        try:
            with self.with_arguments(logging_nan_inf_filter=False):
                yield
        finally:
            self._filters_losses = False

    def _smaller_micro_batch(self) -> int | None:
        """Tokens of a micro-batch that might fit where the last one did not, if steps are cut."""
        return None

    def _run_epoch(self, *arguments: Any, **options: Any) -> None:
        """As the Trainer, which would make one more step when a run is resumed that has made all
        of them, and of a stream begin epoch after epoch."""
        if self.state.global_step >= self.state.max_steps:
            self.control.should_training_stop = True
        if not self.control.should_training_stop:
            super()._run_epoch(*arguments, **options)  # type: ignore[no-untyped-call]

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
        parts = self._devices_parts(inputs)
        counts: list[torch.Tensor | int] = []
        if num_items_in_batch is not None or len(parts) > 1:
            counts = [self.task.count_loss_items(part) for part in parts]
        loss, outputs = super().compute_loss(model, inputs, return_outputs=True)
        if len(parts) > 1 and loss.ndim > 0:
            loss = _weighted_mean(loss, counts)
        if num_items_in_batch is not None:
            items = torch.as_tensor(sum(counts), device=loss.device)
            share = loss * items / num_items_in_batch * self.accelerator.num_processes
            # the mean of no items, as of an empty text, is not a number
            loss = torch.where(items > 0, share, torch.zeros_like(loss))
        return (loss, outputs) if return_outputs else loss

    def _devices_parts(self, inputs: dict[str, Any]) -> list[dict[str, Any]]:
        """What of a batch each device gets, where one process feeds several."""
        if self.args.n_gpu < 2:
            return [inputs]
        rows = rows_of(inputs)
        size = -(-rows // self.args.n_gpu)
        return [
            {name: value[start : start + size] for name, value in inputs.items()}
            for start in range(0, rows, size)
        ]

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """As the Trainer, without its pickle of every argument."""
        with no_pickled_arguments():
            super()._save(output_dir, state_dict)

    def create_model_card(self, *arguments: Any, **options: Any) -> None:
        """Never written here: ftspec has a card of its own."""


def _weighted_mean(means: torch.Tensor, counts: Sequence[torch.Tensor | int]) -> torch.Tensor:
    """The mean over all items, of the means of several devices; that of no items is no number."""
    items = torch.stack([torch.as_tensor(count, device=means.device) for count in counts])
    return torch.where(items > 0, means * items, 0.0).sum() / items.sum()


def trainer_class_for(
    base: type[Trainer], mixin: type[BatchMeanLoss] = BatchMeanLoss
) -> type[BatchMeanLoss]:
    """The class a task asks for, with the loss put right."""
    return type(f"{mixin.__name__}{base.__name__}", (mixin, base), {})
