"""The tokenizer that comes with a checkpoint."""

from __future__ import annotations

from typing import cast

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ftspec.api import RunError, TokenizerContext
from ftspec.builtin.tokenizers.config import AutoTokenizerConfig


def load_tokenizer(
    config: AutoTokenizerConfig, context: TokenizerContext
) -> PreTrainedTokenizerBase:
    """Load it from its own checkpoint, or the model's.

    Truncation and padding that a ``tokenizer.json`` has baked in are reset: they would cut rows
    without a word (the packaged MiniLM cuts at 128).

    Raises:
        RunError: there is no checkpoint, or none with a tokenizer.
    """
    checkpoint = config.checkpoint or context.checkpoint
    revision = config.revision if config.checkpoint else context.revision
    if checkpoint is None:
        raise RunError(
            "a model without a checkpoint brings no tokenizer",
            slug="no-tokenizer",
            at=context.section,
            helps=(
                'name one: "tokenizer: {checkpoint: …}", or learn one: "tokenizer: {type: train}"',
            ),
        )
    try:
        tokenizer = cast(
            PreTrainedTokenizerBase,
            AutoTokenizer.from_pretrained(
                checkpoint,
                revision=revision,
                trust_remote_code=context.trust_remote_code,
            ),
        )
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise _no_tokenizer(checkpoint, reason, context) from error
    if _is_hollow(tokenizer):
        raise _no_tokenizer(checkpoint, "it has no vocabulary", context)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    return tokenizer


def _is_hollow(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether all it knows are special tokens: what transformers makes of a folder that has the
    configuration of a model and no file of a tokenizer."""
    special = {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}
    return len(tokenizer) - len(special) < 2  # the vocabulary itself takes long to copy out


def _no_tokenizer(checkpoint: str, reason: str, context: TokenizerContext) -> RunError:
    return RunError(
        f'no tokenizer in "{checkpoint}": {reason}',
        slug="no-tokenizer",
        at=(*context.section, "checkpoint"),
        helps=('name another: "tokenizer: {checkpoint: …}"',),
    )
