"""How many tokens a row may have: the spec's word, within what the model can take."""

from __future__ import annotations

from typing import NamedTuple

from transformers import PretrainedConfig, PreTrainedTokenizerBase

from ftspec.components import TokenizerConfig
from ftspec.document.paths import SpecPath
from ftspec.engine.progress import Note
from ftspec.errors import RunError

DEFAULT_MAX_LENGTH = 512
DEFAULT_MAX_TARGET_LENGTH = 128
_NO_LIMIT = 1_000_000  # transformers writes 1e30 for tokenizers that know no limit

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


class Lengths(NamedTuple):
    """Tokens at most, special tokens counted."""

    inputs: int
    targets: int


def resolve_lengths(
    wanted: TokenizerConfig,
    at: SpecPath,
    tokenizer: PreTrainedTokenizerBase,
    config: PretrainedConfig,
    note: Note,
) -> Lengths:
    """What the spec asks for, or what the model can take.

    Raises:
        RunError: the spec asks for more than the model has positions.
    """
    positions = position_limit(config)
    for name, length in (
        ("max_length", wanted.max_length),
        ("max_target_length", wanted.max_target_length),
    ):
        if length is not None and positions is not None and length > positions:
            raise RunError(
                f"{name} is {length}, and the model has {positions} positions",
                slug="max-length",
                at=(*at, name),
                helps=(f"write {positions} or less",),
            )
    known = [limit for limit in (tokenizer.model_max_length, positions) if limit]
    limit = min((limit for limit in known if limit < _NO_LIMIT), default=None)
    max_length = wanted.max_length or limit
    if max_length is None:
        max_length = DEFAULT_MAX_LENGTH
        note(f"neither model nor tokenizer has a limit: inputs are cut at {max_length} tokens")
    default = min(DEFAULT_MAX_TARGET_LENGTH, positions or DEFAULT_MAX_TARGET_LENGTH)
    return Lengths(max_length, wanted.max_target_length or default)


def position_limit(config: PretrainedConfig) -> int | None:
    """How many positions a model has; ``None`` where they are relative, and so without a limit."""
    if getattr(config, "relative_attention_num_buckets", None) and config.model_type != "mpnet":
        return None  # T5's n_positions is what it was trained with, not a limit
    limit: int | None = getattr(config, "max_position_embeddings", None)
    if not isinstance(limit, int) or limit <= 0:
        return None
    if config.model_type in _POSITIONS_FROM_PADDING:
        limit -= (config.pad_token_id or 0) + 1
    return limit
