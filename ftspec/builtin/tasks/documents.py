"""Packed documents that do not see each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ftspec.api import RunError

IGNORED = -100  # label of what no loss counts


class DocumentsApart:
    """Pads blocks of packed documents so that each document is learned as if it stood alone.

    Positions begin anew after every ``end`` of a document. Without an attention mask beside them
    transformers takes that for the borders of its attention. The first token of a document is
    nothing to learn: no token of its own comes before it.
    """

    def __init__(self, end: int, padding: int) -> None:
        self._end = end
        self._padding = padding

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        width = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), width), self._padding)
        begins = torch.zeros((len(rows), width), dtype=torch.bool)
        is_text = torch.zeros((len(rows), width), dtype=torch.bool)
        for at, row in enumerate(rows):
            length = len(row["input_ids"])
            ids[at, :length] = torch.tensor(row["input_ids"])
            is_text[at, :length] = True
            begins[at, length : length + 1] = True  # padding sees none of the text either
        begins[:, 1:] |= ids[:, :-1].eq(self._end) & is_text[:, 1:]
        begins[:, 0] = True
        columns = torch.arange(width).expand_as(ids)
        start = torch.where(begins, columns, 0).cummax(dim=1).values
        labels = ids.masked_fill(begins | ~is_text, IGNORED)
        return {"input_ids": ids, "position_ids": columns - start, "labels": labels}


def keep_documents_apart(model: Any) -> None:
    """Make sure that the model takes positions that begin anew for the borders of its attention.

    Raises:
        RunError: what it makes of a document changes with the one before.
    """
    if "flash" in (getattr(model.config, "_attn_implementation", None) or ""):
        model.set_attn_implementation("sdpa")  # flash attention reads borders of one row at a time
    was_training = model.training
    model.eval()
    embeddings = model.get_input_embeddings()
    ids = torch.tensor([[0, 1, 2, 3], [2, 0, 2, 3]], device=embeddings.weight.device)
    positions = torch.tensor([[0, 1, 0, 1]] * 2, device=ids.device)
    try:
        with torch.no_grad():
            logits = model(input_ids=ids, position_ids=positions, use_cache=False).logits[:, 2:]
        apart = torch.allclose(logits[0], logits[1], rtol=1e-4, atol=1e-4)
    except TypeError:  # it knows no positions
        apart = False
    model.train(was_training)
    if not apart:
        raise RunError(
            f"documents of a block cannot be kept apart in a {model.config.model_type} model",
            slug="documents-not-apart",
            at=("task", "cross_document_attention"),
            helps=('write "packing: false", so that each document is a row',),
        )
