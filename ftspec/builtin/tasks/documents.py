"""Packed documents without attention between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ftspec.api import IGNORED_LABEL, RunError


class DocumentsApart:
    """Pads blocks of packed documents so that each document is trained as if it were alone.

    Positions restart at 0 after every ``end`` token. Without an attention mask, transformers reads
    these positions as the borders of its attention. The first token of a document is not a label,
    because no token of the same document comes before it.
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
            begins[at, length : length + 1] = True  # padding does not attend to the text
        begins[:, 1:] |= ids[:, :-1].eq(self._end) & is_text[:, 1:]
        begins[:, 0] = True
        columns = torch.arange(width).expand_as(ids)
        start = torch.where(begins, columns, 0).cummax(dim=1).values
        labels = ids.masked_fill(begins | ~is_text, IGNORED_LABEL)
        return {"input_ids": ids, "position_ids": columns - start, "labels": labels}


def keep_documents_apart(model: Any) -> None:
    """Check that the model reads restarting positions as borders of its attention.

    Raises:
        RunError: the output for a document depends on the document before it.
    """
    if "flash" in (getattr(model.config, "_attn_implementation", None) or ""):
        model.set_attn_implementation(
            "sdpa"
        )  # flash attention reads such borders only in batches of one row
    was_training = model.training
    model.eval()
    embeddings = model.get_input_embeddings()
    ids = torch.tensor([[0, 1, 2, 3], [2, 0, 2, 3]], device=embeddings.weight.device)
    positions = torch.tensor([[0, 1, 0, 1]] * 2, device=ids.device)
    try:
        with torch.no_grad():
            logits = model(input_ids=ids, position_ids=positions, use_cache=False).logits[:, 2:]
        apart = torch.allclose(logits[0], logits[1], rtol=1e-4, atol=1e-4)
    except TypeError:  # the model takes no positions
        apart = False
    model.train(was_training)
    if not apart:
        raise RunError(
            f"a {model.config.model_type} model cannot keep the documents of a block apart",
            slug="documents-not-apart",
            at=("task", "cross_document_attention"),
            helps=('write "packing: false" to make each document a row',),
        )
