"""The maximum number of tokens of a row: that of the spec, within the limit of the model."""

from __future__ import annotations

from typing import NamedTuple

from transformers import PretrainedConfig, PreTrainedTokenizerBase

from ftspec.components import TokenizerConfig
from ftspec.document.paths import SpecPath
from ftspec.engine.progress.run_log import Note
from ftspec.errors import RunError
from ftspec.planning.positions import POSITION_SETTINGS, over_limit, positions_in

DEFAULT_MAX_LENGTH = 512
DEFAULT_MAX_TARGET_LENGTH = 128
_NO_LIMIT = 1_000_000  # transformers has 1e30 for tokenizers without a limit


class Lengths(NamedTuple):
    """Maximum numbers of tokens, special tokens included."""

    inputs: int
    targets: int


def resolve_lengths(
    wanted: TokenizerConfig,
    at: SpecPath,
    tokenizer: PreTrainedTokenizerBase,
    config: PretrainedConfig,
    note: Note,
) -> Lengths:
    """The lengths in the spec, or the limits of the model.

    Raises:
        RunError: a length in the spec is more than the model has positions.
    """
    positions = position_limit(config)
    for name, length in (
        ("max_length", wanted.max_length),
        ("max_target_length", wanted.max_target_length),
    ):
        if length is not None and positions is not None and length > positions:
            headline, help_ = over_limit(name, length, positions)
            raise RunError(headline, slug="max-length", at=(*at, name), helps=(help_,))
    known = [limit for limit in (tokenizer.model_max_length, positions) if limit]
    limit = min((limit for limit in known if limit < _NO_LIMIT), default=None)
    max_length = wanted.max_length or limit
    if max_length is None:
        max_length = DEFAULT_MAX_LENGTH
        note(
            f"inputs are truncated to {max_length} tokens: neither the model nor the tokenizer has "
            "a limit"
        )
    default = min(DEFAULT_MAX_TARGET_LENGTH, positions or DEFAULT_MAX_TARGET_LENGTH)
    return Lengths(max_length, wanted.max_target_length or default)


def position_limit(config: PretrainedConfig) -> int | None:
    """How many positions a model has; ``None`` if they are relative, which has no limit."""
    return positions_in({name: getattr(config, name, None) for name in POSITION_SETTINGS})
