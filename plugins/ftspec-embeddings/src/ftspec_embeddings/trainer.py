"""The Trainer for embeddings: the plain Trainer, with a loss over the vectors of a batch.

It does not use the Trainer of sentence-transformers, which returns no vectors in evaluation (which
metrics need), evaluates rows in its own order, and has its own samplers (the spec decides how rows
are drawn). The losses and the model come from that library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from torch import nn
from transformers import Trainer

from ftspec_embeddings.features import SCORE, split

LossOfEmbeddings = Callable[[list[torch.Tensor], torch.Tensor | None], torch.Tensor]
"""Vectors, shape (B, D) for each field, and scores, shape (B,), to the loss of the batch."""


class EmbeddingTrainer(Trainer):
    """``loss`` takes features and scores, and runs the model. ``loss_of_embeddings`` is the same
    loss for existing vectors."""

    def __init__(
        self, *arguments: Any, loss: Any, loss_of_embeddings: LossOfEmbeddings, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._loss = loss
        self._loss_of_embeddings = loss_of_embeddings

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Mapping[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """The loss of the batch. It has no outputs; :meth:`prediction_step` returns them."""
        self._loss.model = model  # wrapped by accelerate, so that gradients are synchronized
        loss = self._loss(list(split(inputs).values()), inputs.get(SCORE))
        return (loss, {}) if return_outputs else loss

    def prediction_step(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """The loss, the vectors with shape (B, fields, D), and the scores. Without scores these
        are zeros, because the Trainer computes metrics only with labels."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            vectors = [
                model(dict(features))["sentence_embedding"] for features in split(inputs).values()
            ]
            scores = inputs.get(SCORE)
            loss = self._loss_of_embeddings(vectors, scores).detach()
        if prediction_loss_only:
            return loss, None, None
        stacked = torch.stack([vector.float() for vector in vectors], dim=1)
        return loss, stacked, stacked.new_zeros(len(stacked)) if scores is None else scores

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Save in the format of the library: ``SentenceTransformer(output_dir)`` loads it."""
        folder = output_dir or self.args.output_dir or "."
        Path(folder).mkdir(parents=True, exist_ok=True)
        self._whole().save_pretrained(folder, create_model_card=False)

    def _load_from_checkpoint(
        self, resume_from_checkpoint: str, model: nn.Module | None = None
    ) -> None:
        """Load into the inner model, which has all the weights."""
        super()._load_from_checkpoint(resume_from_checkpoint, self._whole().transformers_model)

    def _load_best_model(self) -> None:
        assert self.state.best_model_checkpoint is not None
        self._load_from_checkpoint(self.state.best_model_checkpoint)

    def _whole(self) -> SentenceTransformer:
        model = self.accelerator.unwrap_model(self.model)
        assert isinstance(model, SentenceTransformer)
        return model
