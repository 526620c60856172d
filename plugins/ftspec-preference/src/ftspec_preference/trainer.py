"""trl's DPOTrainer on rows that ftspec has prepared, with rewards that metrics can score."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from trl import DPOTrainer


def paired(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """trl's batch, all better answers above all worse ones with shape (2B, …), as (B, 2, …): a
    batch may be cut to rows."""
    return {
        name: value.reshape(2, -1, *value.shape[1:]).transpose(0, 1)
        for name, value in batch.items()
    }


def _stacked(batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What :func:`paired` made, as trl has it."""
    return {name: value.transpose(0, 1).flatten(0, 1) for name, value in batch.items()}


class PreferenceTrainer(DPOTrainer):
    """Takes batches of shape (B, 2, tokens). Evaluation gives the rewards of the better answers as
    predictions and those of the worse ones as labels, both of shape (B,)."""

    def __init__(
        self, *arguments: Any, preprocess_logits_for_metrics: Any = None, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)  # which knows no such option; rewards need none

    def _prepare_dataset(self, dataset: Any, *rest: Any, **options: Any) -> Any:
        """The rows have trl's columns: nothing is tokenized again."""
        return dataset

    def _send_telemetry(self) -> None:
        """Nobody is told of a run."""

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The loss of the batch; no outputs, for which trl would compute the logits anew."""
        compute_loss: Callable[..., torch.Tensor] = super().compute_loss
        loss = compute_loss(model, _stacked(inputs))
        rows = next(iter(inputs.values())).shape[0]
        # trl logs the mean over batches, however many rows they have
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
        """The loss and the rewards: beta times what an answer is likelier to the model than to the
        reference, in nats."""
        inputs = self._prepare_inputs(inputs)
        with (
            torch.no_grad(),
            self.compute_loss_context_manager(),
            self._log_probs() as log_probs,
        ):
            loss = self.compute_loss(model, inputs)
        # what trl logs is of batches; metrics are of the split
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
        """As trl, less the copy of the adapter as it began, which is its reference."""
        super()._save(output_dir, state_dict)
        shutil.rmtree(Path(output_dir or self.args.output_dir or ".", "ref"), ignore_errors=True)
