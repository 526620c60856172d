"""The number of positions of a model, from its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

POSITION_SETTINGS = (
    "model_type",
    "max_position_embeddings",
    "relative_attention_num_buckets",
    "pad_token_id",
)
"""The settings that :func:`positions_in` reads."""

# these models have "n_positions" instead of "max_position_embeddings"
_N_POSITIONS = frozenset({"codegen", "ctrl", "gpt2", "gpt_bigcode", "gptj", "openai-gpt"})

# RoBERTa-style models count positions from the id of the padding token, so the first are not used
_POSITIONS_FROM_PADDING = frozenset(
    {
        "camembert",
        "data2vec-text",
        "esm",
        "ibert",
        "longformer",
        "luke",
        "mpnet",
        "roberta",
        "roberta-prelayernorm",
        "xlm-roberta",
        "xlm-roberta-xl",
        "xmod",
    }
)


def positions_in(settings: Mapping[str, Any]) -> int | None:
    """The number of positions of a model with these settings; ``None`` if it is not known, or if
    positions are relative and have no limit."""
    model_type = settings.get("model_type")
    if settings.get("relative_attention_num_buckets") and model_type != "mpnet":
        return None  # the n_positions of T5 is its length in pretraining, not a limit
    limit = settings.get("max_position_embeddings")
    if limit is None and model_type in _N_POSITIONS:
        limit = settings.get("n_positions")
    if not isinstance(limit, int) or limit <= 0:
        return None
    if model_type in _POSITIONS_FROM_PADDING:
        limit -= (settings.get("pad_token_id", 1) or 0) + 1
    return limit


def over_limit(key: str, length: int, limit: int) -> tuple[str, str]:
    """The headline and the help for a length over the limit."""
    return f"{key} is {length}, and the model has {limit} positions", f"write {limit} or less"
