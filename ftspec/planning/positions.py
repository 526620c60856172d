"""How many tokens a model can tell apart by their place, told from its configuration."""

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

# what these models call "max_position_embeddings"
_N_POSITIONS = frozenset({"codegen", "ctrl", "gpt2", "gpt_bigcode", "gptj", "openai-gpt"})

# RoBERTa and its kin count positions from the padding token's id on, so that the first are not used
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
    """How many positions a model of these settings has; ``None`` where they are not known, or are
    relative and so without a limit."""
    model_type = settings.get("model_type")
    if settings.get("relative_attention_num_buckets") and model_type != "mpnet":
        return None  # T5's n_positions is what it was trained with, not a limit
    limit = settings.get("max_position_embeddings")
    if limit is None and model_type in _N_POSITIONS:
        limit = settings.get("n_positions")
    if not isinstance(limit, int) or limit <= 0:
        return None
    if model_type in _POSITIONS_FROM_PADDING:
        limit -= (settings.get("pad_token_id", 1) or 0) + 1
    return limit


def over_limit(key: str, length: int, limit: int) -> tuple[str, str]:
    """What to say of a length over the limit: the headline and the help."""
    return f"{key} is {length}, and the model has {limit} positions", f"write {limit} or less"
