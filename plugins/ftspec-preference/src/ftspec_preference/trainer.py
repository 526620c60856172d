"""The DPOTrainer of trl, for rows that ftspec prepares, with rewards that metrics can score."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from trl import DPOTrainer

from ftspec_preference.reference import copy_adapter, weights_kept


def paired(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A batch of trl, which has all better answers before all worse ones with shape (2B, …), as
    (B, 2, …), so that it can be split by rows."""
    return {
        name: value.reshape(2, -1, *value.shape[1:]).transpose(0, 1)
        for name, value in batch.items()
    }


def _stacked(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The inverse of :func:`paired`."""
    return {name: value.transpose(0, 1).flatten(0, 1) for name, value in batch.items()}


class PreferenceTrainer(DPOTrainer):
    """Takes batches of shape (B, 2, tokens). Evaluation returns the rewards of better answers as
    predictions and those of worse answers as labels, both of shape (B,)."""

    def __init__(
        self,
        model: nn.Module,
        *arguments: Any,
        preprocess_logits_for_metrics: Any = None,
        **options: Any,
    ) -> None:
        with weights_kept(model):
            # trl does not have this last option, and rewards do not need it
            super().__init__(model, *arguments, **options)
        copy_adapter(model)

    def _prepare_dataset(self, dataset: Any, *rest: Any, **options: Any) -> Any:
        """The rows already have the columns of trl."""
        return dataset

    def train(self, *arguments: Any, **options: Any) -> Any:
        """Train. Batches before training, which measure the machine, are not logged."""
        self._metrics["train"].clear()
        return super().train(*arguments, **options)

    def _send_telemetry(self) -> None:
        """Send nothing."""

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The loss of the batch. Without outputs, for which trl would compute the logits again."""
        compute_loss: Callable[..., torch.Tensor] = super().compute_loss
        loss = compute_loss(model, _stacked(inputs))
        rows = next(iter(inputs.values())).shape[0]
        # trl logs a mean over batches; this makes it a mean over rows
        for values in self._metrics["train" if model.training else "eval"].values():
            values += [values[-1]] * (rows - 1)
        return (loss, {}) if return_outputs else loss

    def prediction_step(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """The loss and the rewards: beta times the log-probability ratio of the model and the
        reference, in nats."""
        inputs = self._prepare_inputs(inputs)
        with (
            torch.no_grad(),
            self.compute_loss_context_manager(),
            self._log_probs() as log_probs,
        ):
            loss = self.compute_loss(model, inputs)
        # trl logs batches; the metrics are of the whole split
        self._metrics["eval"].clear()
        if prediction_loss_only:
            return loss, None, None
        of_model, of_reference = log_probs
        better, worse = (self.beta * (of_model - of_reference)).chunk(2)
        return loss, better, worse

    @contextmanager
    def _log_probs(self) -> Iterator[list[torch.Tensor]]:
        """The log-probability of each answer, shape (2B,): first to the model, then to the
        reference, in the order that trl computes them."""
        seen: list[torch.Tensor] = []

        def keep(module: nn.Module, arguments: Any, outputs: Any) -> None:
            seen.append(outputs.log_probs.sum(dim=1))

        with ExitStack() as hooks:
            for module in filter(None, (self.model, self.ref_model)):
                hooks.callback(module.register_forward_hook(keep).remove)
            yield seen

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """As trl, without its copy of the initial adapter, which is the reference."""
        super()._save(output_dir, state_dict)
        shutil.rmtree(Path(output_dir or self.args.output_dir or ".", "ref"), ignore_errors=True)
