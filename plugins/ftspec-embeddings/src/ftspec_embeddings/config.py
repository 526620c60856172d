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
"""The positives of the other rows of a batch are what a row must not be close to."""

SCORED_LOSSES = ("cosent", "angle", "cosine-similarity", "contrastive")
"""Learn from a score for each pair."""

ROW_LOSSES = ("triplet", "cosine-similarity", "contrastive")
"""The mean over rows of what each row gives by itself. All others need their batch whole."""


class SentenceEmbeddingConfig(TaskConfig):
    """Texts to vectors, learned from pairs, triplets or scored pairs."""

    loss: LossName | None = Field(
        default=None,
        description='a loss of sentence-transformers; by default "cosent" where the template fills '
        '"score", and "multiple-negatives-ranking" otherwise',
    )
    scale: float | None = Field(
        default=None,
        gt=0,
        description="what similarities are multiplied by: the inverse of the temperature; 20 by "
        "default",
    )
    margin: float | None = Field(
        default=None,
        gt=0,
        description="distance to keep: 5 by default for triplets, 0.5 for contrastive pairs",
    )
    symmetric: bool = Field(
        default=False, description="in-batch negatives: also find the anchor of each positive"
    )
    mini_batch_size: int | None = Field(
        default=None,
        ge=1,
        description="cached-multiple-negatives-ranking: rows that are in memory at once; 32 by "
        "default",
    )
    max_score: float = Field(
        default=1.0, gt=0, description="scores are divided by it, such as 5 for scores of 0 to 5"
    )
    pooling: PoolingName = Field(default="mean", description="how the vectors of tokens become one")
    normalize: bool = Field(default=True, description="whether every vector has the length 1")

    def loss_for(self, fields: Collection[str]) -> LossName:
        """The loss of a spec whose template fills ``fields``."""
        if self.loss is not None:
            return self.loss
        return "cosent" if "score" in fields else "multiple-negatives-ranking"

    @property
    def predictions(self) -> frozenset[Prediction]:
        """What a template without scores gives."""
        return self.predictions_from(())

    def predictions_from(self, fields: Collection[str]) -> frozenset[Prediction]:
        """Similarities of scored pairs, and of all others the ranks that a search gives them."""
        return frozenset({"value" if "score" in fields else "ranks"})


class RetrievalConfig(ComponentConfig):
    """How well a search by the anchors finds their positives."""

    k: int = Field(default=10, ge=1, description="how many results of the search count")
