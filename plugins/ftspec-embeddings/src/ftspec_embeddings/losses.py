"""The losses of sentence-transformers, from the names and keys of a spec."""

from __future__ import annotations

from typing import Any

from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import losses
from torch import nn

from ftspec_embeddings.config import LossName, SentenceEmbeddingConfig


def make_loss(name: LossName, config: SentenceEmbeddingConfig, model: SentenceTransformer) -> Any:
    """The loss ``name`` with the keys that it uses. It takes a list of features, one mapping of
    tensors for each field, and the scores, and returns the loss of the batch."""
    given: dict[str, Any] = {}
    if config.scale is not None:
        given["scale"] = config.scale
    if config.symmetric:
        given |= {
            "directions": ("query_to_doc", "doc_to_query"),
            "partition_mode": "per_direction",
        }
    if name == "multiple-negatives-ranking":
        return losses.MultipleNegativesRankingLoss(model, **given)
    if name == "cached-multiple-negatives-ranking":
        if config.mini_batch_size is not None:
            given["mini_batch_size"] = config.mini_batch_size
        return losses.CachedMultipleNegativesRankingLoss(model, **given)
    if name == "cosent":
        return losses.CoSENTLoss(model, **_only(given, "scale"))
    if name == "angle":
        return losses.AnglELoss(model, **_only(given, "scale"))
    if name == "cosine-similarity":
        return losses.CosineSimilarityLoss(model)
    if name == "triplet":
        return losses.TripletLoss(model, **_renamed(config.margin, "triplet_margin"))
    return losses.ContrastiveLoss(model, **_renamed(config.margin, "margin"))


def loss_of_embeddings(
    name: LossName, config: SentenceEmbeddingConfig, model: SentenceTransformer
) -> Any:
    """The same loss for existing embeddings, which do not need caching."""
    uncached: LossName = "multiple-negatives-ranking"
    loss: nn.Module = make_loss(uncached if name.startswith("cached-") else name, config, model)
    return loss.compute_loss_from_embeddings


def _only(given: dict[str, Any], key: str) -> dict[str, Any]:
    return {key: given[key]} if key in given else {}


def _renamed(value: float | None, name: str) -> dict[str, Any]:
    return {} if value is None else {name: value}
