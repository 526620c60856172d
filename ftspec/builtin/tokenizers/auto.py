"""The tokenizer of a checkpoint."""

from __future__ import annotations

from typing import cast

from huggingface_hub.utils import httpx
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ftspec.api import RunError, TokenizerContext, explain_hub
from ftspec.builtin.languages import set_languages
from ftspec.builtin.tokenizers.config import AutoTokenizerConfig


def load_tokenizer(
    config: AutoTokenizerConfig, context: TokenizerContext
) -> PreTrainedTokenizerBase:
    """Load the tokenizer from its own checkpoint, or from the model's.

    Resets truncation and padding that are saved in ``tokenizer.json``: they would silently truncate
    rows (the packaged MiniLM truncates at 128).

    Raises:
        RunError: there is no checkpoint, or it has no tokenizer, or not one with these languages.
    """
    checkpoint = config.checkpoint or context.checkpoint
    revision = config.revision if config.checkpoint else context.revision
    if checkpoint is None:
        raise RunError(
            "a model without a checkpoint has no tokenizer",
            slug="no-tokenizer",
            at=context.section,
            helps=(
                'name one: "tokenizer: {checkpoint: …}", or train one: "tokenizer: {type: train}"',
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
    except (OSError, ValueError, TypeError, httpx.HTTPError) as error:
        fault = explain_hub(error, checkpoint, revision)
        if fault is not None:
            raise RunError(
                fault.headline,
                slug="hub",
                at=(*context.section, "checkpoint"),
                helps=fault.helps,
            ) from error
        reason = str(error).strip().partition("\n")[0]
        if "make sure you don't have a local directory" in reason:
            reason = "it lacks files, or they are damaged"
        raise _no_tokenizer(checkpoint, reason, context) from error
    if _is_hollow(tokenizer):
        raise _no_tokenizer(checkpoint, "it has no vocabulary", context)
    set_languages(tokenizer, config.src_lang, config.tgt_lang, context.section)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    return tokenizer


def _is_hollow(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the tokenizer has only special tokens. transformers creates such a tokenizer for a
    folder that has the configuration of a model and no tokenizer files."""
    special = {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}
    return len(tokenizer) - len(special) < 2  # copying the vocabulary would be slow


def _no_tokenizer(checkpoint: str, reason: str, context: TokenizerContext) -> RunError:
    return RunError(
        f'no tokenizer in "{checkpoint}": {reason}',
        slug="no-tokenizer",
        at=(*context.section, "checkpoint"),
        helps=('name another: "tokenizer: {checkpoint: …}"',),
    )
