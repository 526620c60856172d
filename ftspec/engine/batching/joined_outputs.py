"""What the parts of a batch gave, as what the batch would have given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers.trainer_pt_utils import nested_concat

_PADDING = -100  # as the Trainer pads what it gathers

Outputs = tuple[Any, Any, Any]
"""Mean loss, logits and labels; any of them may be ``None``."""


def join_parts(parts: Sequence[Outputs], rows: Sequence[int]) -> Outputs:
    """The outputs of a batch from those of its parts, in order; the loss is weighted by rows."""
    loss, logits, labels = parts[0]
    if len(parts) > 1 and loss is not None:
        loss = sum(part[0] * count for part, count in zip(parts, rows, strict=True)) / sum(rows)
    for _, more_logits, more_labels in parts[1:]:
        if logits is not None:
            logits = nested_concat(logits, more_logits, _PADDING)  # type: ignore[no-untyped-call]
        if labels is not None:
            labels = nested_concat(labels, more_labels, _PADDING)  # type: ignore[no-untyped-call]
    return loss, logits, labels
