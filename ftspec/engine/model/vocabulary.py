"""A model and its tokenizer: as many embeddings as tokens, and the same special tokens."""

from __future__ import annotations

from typing import Any

import torch
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from ftspec.engine.progress.run_log import Note
from ftspec.spec.model import ModelSection

_SIZES = ("vocab_size", "decoder_vocab_size", "src_vocab_size", "tgt_vocab_size")
"""Every size of a configuration that counts the tokens of the tokenizer: Marian and FSMT have one
for each side. Other names, such as ``type_vocab_size``, count other things."""


def fit_to_tokenizer(
    model: ModelSection, config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase
) -> None:
    """Before a random model is created: set the vocabulary sizes and the special tokens of the
    tokenizer. The configuration of a pretrained model does not change."""
    if model.init != "random":
        return
    config.vocab_size = len(tokenizer)
    for part in (config, *_text_configs(config)):
        for name in _SIZES:
            if getattr(part, name, None) is not None:
                setattr(part, name, len(tokenizer))
    for name in ("pad_token_id", "eos_token_id", "bos_token_id"):
        setattr(config, name, getattr(tokenizer, name, None))
    if getattr(config, "forced_eos_token_id", None) is not None:
        config.forced_eos_token_id = tokenizer.eos_token_id
    if getattr(config, "is_encoder_decoder", False):
        config.decoder_start_token_id = tokenizer.pad_token_id


def _text_configs(config: PretrainedConfig) -> list[PretrainedConfig]:
    """The configurations inside this one that have tokens of the tokenizer."""
    named = [getattr(config, name, None) for name in ("text_config", "encoder", "decoder")]
    return [one for one in named if isinstance(one, PretrainedConfig)]


def grow_embeddings(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, note: Note
) -> range:
    """After a pretrained model is loaded: add embeddings for tokens that are new to it, and set its
    padding token. Returns the ids of the new tokens: none for a model that reads characters."""
    known = count_embeddings(model)
    if known is None:
        known = len(tokenizer)
    if len(tokenizer) > known:
        model.resize_token_embeddings(len(tokenizer))
        note(f"the embeddings grew from {known:,} to {len(tokenizer):,} tokens")
    if getattr(model.config, "pad_token_id", None) is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    return range(known, len(tokenizer))


def count_embeddings(model: PreTrainedModel) -> int | None:
    """How many tokens have an embedding; ``None`` if the model has no table of embeddings."""
    try:
        embeddings: Any = model.get_input_embeddings()
    except NotImplementedError:
        return None
    if isinstance(embeddings, torch.Tensor):  # those of a Perceiver are what it computes with
        return None
    return int(embeddings.weight.shape[0])
