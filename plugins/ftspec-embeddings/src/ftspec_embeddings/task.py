"""Sentence embeddings: a vector for each text, with the losses and the model of
sentence-transformers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import datasets
import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers import EvalPrediction

from ftspec.api import RunError, Task, TaskContext, checked_texts
from ftspec_embeddings.config import (
    IN_BATCH_LOSSES,
    ROW_LOSSES,
    SentenceEmbeddingConfig,
)
from ftspec_embeddings.features import FIELDS, SCORE, join, padding_collator
from ftspec_embeddings.losses import loss_of_embeddings, make_loss
from ftspec_embeddings.model import as_sentence_transformer
from ftspec_embeddings.ranks import find_ranks, first_of_each
from ftspec_embeddings.trainer import EmbeddingTrainer

Rows: TypeAlias = datasets.Dataset | datasets.IterableDataset


class SentenceEmbedding(Task):
    """Vectors that are close for texts that belong together."""

    trainer_class = EmbeddingTrainer

    def __init__(self, config: SentenceEmbeddingConfig, context: TaskContext) -> None:
        self._config = config
        self._context = context
        self._fields: tuple[str, ...] = ()

    def fit(self, fields: Rows, features: datasets.Features | None) -> None:
        """Find the fields of the template, and report rows that are false negatives of each
        other."""
        names = fields.column_names or list(next(iter(fields)))
        self._fields = tuple(name for name in (*FIELDS, SCORE) if name in names)
        self._loss = self._config.loss_for(self._fields)
        self.rows_are_independent = self._loss in ROW_LOSSES
        self.length_columns = tuple(f"{name}_input_ids" for name in FIELDS if name in names)
        if self._loss in IN_BATCH_LOSSES and isinstance(fields, datasets.Dataset):
            self._tell_repeated(fields)

    def _tell_repeated(self, fields: datasets.Dataset) -> None:
        for name in ("anchor", "positive"):
            repeated = len(fields) - len(fields.unique(name))
            if repeated:
                self._context.note(
                    f"{repeated:,} of {len(fields):,} training rows have the {name} of another "
                    "row: in the same batch, they are false negatives; to drop them: "
                    '"transforms: [{type: deduplicate, columns: […]}]"'
                )

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        """Tokens of each text, truncated to ``max_length``, and the scores."""
        encoded: dict[str, Any] = {}
        for name in FIELDS:
            if name in fields:
                encoded |= join(name, self._tokenize(fields[name], name))
        if SCORE in fields:
            encoded[SCORE] = [self._score_of(value) for value in fields[SCORE]]
        return encoded

    def wrap(self, model: Any) -> SentenceTransformer:
        """The model with pooling and normalization."""
        return as_sentence_transformer(
            model, self._context.tokenizer, self._context.max_length, self._config
        )

    def collator(self, model: Any) -> Callable[[list[dict[str, Any]]], Any]:
        """Pad each field to its longest text in the batch."""
        return padding_collator(self._context.tokenizer)

    def arguments(self) -> Mapping[str, Any]:
        """A batch has no tensor with the name ``labels``."""
        return {"label_names": []}

    def trainer_options(self, model: Any) -> Mapping[str, Any]:
        """The loss, for training and for evaluation."""
        return {
            "loss": make_loss(self._loss, self._config, model),
            "loss_of_embeddings": loss_of_embeddings(self._loss, self._config, model),
        }

    def decode(self, outputs: EvalPrediction, rows: Rows) -> tuple[Any, Any]:
        """Similarities and scores; or the ranks of the positives of each anchor, and their ranks
        in a perfect search.

        Equal texts count once: the right answers of an anchor are the positives of all rows with
        this anchor, and the candidates are all positives and negatives of the split.
        """
        vectors = np.asarray(outputs.predictions, dtype=np.float32)
        if SCORE in self._fields:
            return _similarities(vectors[:, 0], vectors[:, 1]), np.asarray(outputs.label_ids)
        texts = [_texts_of(rows, column) for column in self.length_columns]
        anchors, anchor_of = first_of_each(texts[0])
        others = np.concatenate([vectors[:, column] for column in range(1, len(texts))])
        candidates, candidate_of = first_of_each([text for column in texts[1:] for text in column])
        relevant: list[set[int]] = [set() for _ in anchors]
        for row, anchor in enumerate(anchor_of):
            relevant[anchor].add(candidate_of[row])
        ranks = find_ranks(
            vectors[anchors, 0], others[candidates], [sorted(right) for right in relevant]
        )
        return ranks, [list(range(1, len(right) + 1)) for right in relevant]

    def predict(
        self, model: SentenceTransformer, rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """The embedding of each anchor. For a row with a positive, also the embedding of the
        positive and the similarity of both, from -1 to 1."""
        anchors = self._embed(model, [row["anchor"] for row in rows], "anchor")
        results: list[dict[str, Any]] = [{"embedding": vector.tolist()} for vector in anchors]
        paired = [index for index, row in enumerate(rows) if "positive" in row]
        if paired:
            texts = [rows[index]["positive"] for index in paired]
            positives = self._embed(model, texts, "positive")
            similarities = _similarities(anchors[paired], positives)
            for index, vector, similarity in zip(paired, positives, similarities, strict=True):
                results[index] = {
                    "similarity": float(similarity),
                    **results[index],
                    "positive_embedding": vector.tolist(),
                }
        return results

    def _embed(self, model: SentenceTransformer, texts: list[Any], field: str) -> Any:
        encoded = self._tokenize(texts, field)
        batch = self._context.tokenizer.pad(dict(encoded), return_tensors="pt").to(model.device)
        with torch.inference_mode():
            return model(dict(batch))["sentence_embedding"].float().cpu().numpy()

    def _tokenize(self, texts: list[Any], field: str) -> Mapping[str, list[Any]]:
        encoded: Mapping[str, list[Any]] = self._context.tokenizer(
            checked_texts(texts, field), truncation=True, max_length=self._context.max_length
        )
        return encoded

    def _score_of(self, value: Any) -> float:
        try:
            score = float(value) / self._config.max_score
        except (TypeError, ValueError):
            score = math.nan
        # "cosent" and "angle" only compare scores, so their range does not matter
        low = {"contrastive": 0.0, "cosine-similarity": -1.0}.get(self._loss, -math.inf)
        if math.isfinite(score) and low <= score <= (1.0 if low > -math.inf else math.inf):
            return score
        wanted = "a number" if low == -math.inf else f"a number from {low:g} to 1"
        raise RunError(
            f'a score must be {wanted}, found "{value}"',
            slug="embeddings/score",
            at=("preprocess", "template", SCORE),
            helps=('write the largest one as "max_score" in the task section',),
        )


def _texts_of(rows: Rows, column: str) -> list[tuple[int, ...]]:
    """The tokens of each text, to compare texts."""
    values = rows[column] if isinstance(rows, datasets.Dataset) else [row[column] for row in rows]
    return [tuple(tokens) for tokens in values]


def _similarities(left: Any, right: Any) -> Any:
    """Cosines of rows, shape (N,)."""
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return (left * right).sum(axis=1) / np.maximum(lengths, 1e-12)
