"""The loss of starts and ends, over the tokens of a row alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import Trainer


class QuestionAnsweringTrainer(Trainer):
    """Leaves padding out of the softmax over positions.

    The heads of transformers include it (``ForQuestionAnsweringLoss`` in
    ``transformers.loss.loss_utils``), so that the loss of a row grows with the longest row of its
    batch. Without padding the loss of a row is the same in every batch: that of the row alone.
    """

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The mean over rows of the cross-entropies of start and end, which are averaged."""
        inputs = dict(inputs)
        places = inputs.pop("start_positions"), inputs.pop("end_positions")
        outputs = model(**inputs)
        mask = inputs.get("attention_mask")
        losses = [
            functional.cross_entropy(_without_padding(scores, mask), at)
            for scores, at in zip((outputs.start_logits, outputs.end_logits), places, strict=True)
        ]
        loss = (losses[0] + losses[1]) / 2
        return (loss, outputs) if return_outputs else loss


def _without_padding(scores: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """The scores in 32 bits, shape (rows, width), with none for padding."""
    scores = scores.float()
    return scores if mask is None else scores.masked_fill(mask.eq(0), -torch.inf)
