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
    if wanted.max_length is not None and positions is not None and wanted.max_length > positions:
        raise RunError(
            f"max_length is {wanted.max_length}, and the model has {positions} positions",
            slug="max-length",
            at=(*at, "max_length"),
            helps=(f"write {positions} or less",),
        )
    known = [limit for limit in (tokenizer.model_max_length, positions) if limit]
    limit = min((limit for limit in known if limit < _NO_LIMIT), default=None)
    max_length = wanted.max_length or limit
    if max_length is None:
        max_length = DEFAULT_MAX_LENGTH
        note(f"neither model nor tokenizer has a limit: inputs are cut at {max_length} tokens")
    return Lengths(max_length, wanted.max_target_length or DEFAULT_MAX_TARGET_LENGTH)


def position_limit(config: PretrainedConfig) -> int | None:
    """How many positions a model has; ``None`` where they are relative, and so without a limit."""
    if getattr(config, "relative_attention_num_buckets", None):
        return None  # T5's n_positions is what it was trained with, not a limit
    limit: int | None = getattr(config, "max_position_embeddings", None)
    return limit if isinstance(limit, int) and limit > 0 else None
