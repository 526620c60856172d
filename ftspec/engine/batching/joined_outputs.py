"""From the outputs of the parts of a batch to the outputs of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers.trainer_pt_utils import nested_concat

from ftspec.labels import IGNORED_LABEL

Outputs = tuple[Any, Any, Any]
"""Mean loss, logits and labels. Any of them may be ``None``."""


def join_outputs(parts: Sequence[Outputs], rows: Sequence[int]) -> Outputs:
    """The outputs of a batch from those of its parts, in order. The loss is weighted by rows."""
    loss, logits, labels = parts[0]
    if len(parts) > 1 and loss is not None:
        loss = sum(part[0] * count for part, count in zip(parts, rows, strict=True)) / sum(rows)
    for _, more_logits, more_labels in parts[1:]:
        if logits is not None:
            logits = _concatenated(logits, more_logits)
        if labels is not None:
            labels = _concatenated(labels, more_labels)
    return loss, logits, labels


def _concatenated(one: Any, other: Any) -> Any:
    """One after the other, padded to the same length as the Trainer pads what it gathers."""
    return nested_concat(one, other, IGNORED_LABEL)  # type: ignore[no-untyped-call]
