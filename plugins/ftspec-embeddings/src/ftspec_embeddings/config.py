"""The keys of the task and of its metric."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from ftspec.api import ComponentConfig, Field, Prediction, TaskConfig

LossName = Literal[
    "multiple-negatives-ranking",
    "cached-multiple-negatives-ranking",
    "triplet",
    "cosent",
    "angle",
    "cosine-similarity",
    "contrastive",
]

PoolingName = Literal["mean", "cls", "max", "mean-sqrt-len-tokens", "weighted-mean", "last-token"]

IN_BATCH_LOSSES = ("multiple-negatives-ranking", "cached-multiple-negatives-ranking")
"""Losses with in-batch negatives: the positives of the other rows of a batch."""

SCORED_LOSSES = ("cosent", "angle", "cosine-similarity", "contrastive")
"""Losses that use a score for each pair."""

ROW_LOSSES = ("triplet", "cosine-similarity", "contrastive")
"""Losses that are a mean over independent rows. All others need whole batches."""


class SentenceEmbeddingConfig(TaskConfig):
    """Vectors of texts, trained on pairs, triplets or scored pairs."""

    loss: LossName | None = Field(
        default=None,
        description='a loss of sentence-transformers; by default "cosent" if the template fills '
        '"score", and "multiple-negatives-ranking" otherwise',
    )
    scale: float | None = Field(
        default=None,
        gt=0,
        description="factor of the similarities, the inverse of the temperature; 20 by default",
    )
    margin: float | None = Field(
        default=None,
        gt=0,
        description="margin of the loss; by default 5 for triplet, 0.5 for contrastive",
    )
    symmetric: bool = Field(
        default=False, description="in-batch negatives: also find the anchor of each positive"
    )
    mini_batch_size: int | None = Field(
        default=None,
        ge=1,
        description="cached-multiple-negatives-ranking: number of rows in memory at once; 32 by "
        "default",
    )
    max_score: float = Field(
        default=1.0, gt=0, description="largest score, which scores are divided by"
    )
    pooling: PoolingName = Field(
        default="mean", description="how token vectors are combined into one"
    )
    normalize: bool = Field(default=True, description="scale every vector to length 1")

    def loss_for(self, fields: Collection[str]) -> LossName:
        """The loss of a spec whose template fills ``fields``."""
        if self.loss is not None:
            return self.loss
        return "cosent" if "score" in fields else "multiple-negatives-ranking"

    @property
    def predictions(self) -> frozenset[Prediction]:
        """The predictions for a template without scores."""
        return self.predictions_from(())

    def predictions_from(self, fields: Collection[str]) -> frozenset[Prediction]:
        """Similarities for scored pairs, and ranks in a search for other rows."""
        return frozenset({"value" if "score" in fields else "ranks"})


class RetrievalConfig(ComponentConfig):
    """How well a search by the anchors finds their positives."""

    k: int = Field(default=10, ge=1, description="number of search results that count")
