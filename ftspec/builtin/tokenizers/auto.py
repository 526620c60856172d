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
    except (OSError, ValueError) as error:
        raise RunError(
            f'no tokenizer in "{checkpoint}": {str(error).strip().partition(chr(10))[0]}',
            slug="no-tokenizer",
            at=(*context.section, "checkpoint"),
        ) from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    return tokenizer
