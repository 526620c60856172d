"""A tokenizer learned from the text of the training split, by the ``tokenizers`` library."""

from __future__ import annotations

from typing import Any

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from ftspec.api import TokenizerContext
from ftspec.builtin.tokenizers.config import TrainTokenizerConfig


def train_tokenizer(
    config: TrainTokenizerConfig, context: TokenizerContext
) -> PreTrainedTokenizerBase:
    """Learn a vocabulary; the special tokens are those of the algorithm's usual models."""
    builders = {"wordpiece": _wordpiece, "bpe": _bpe, "unigram": _unigram}
    tokenizer, trainer, specials = builders[config.algorithm](config)
    if config.lowercase:
        tokenizer.normalizer = _in_front(normalizers.Lowercase(), tokenizer.normalizer)
    tokenizer.train_from_iterator(context.texts(), trainer)
    tokenizer.post_processor = _post_processor(config.algorithm, tokenizer)
    context.note(
        f"learned a {config.algorithm} tokenizer of {tokenizer.get_vocab_size():,} pieces "
        "from the training text"
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, **specials
    )


def _wordpiece(config: TrainTokenizerConfig) -> tuple[Tokenizer, Any, dict[str, str]]:
    specials = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=config.vocab_size,
        min_frequency=config.min_frequency,
        special_tokens=list(specials.values()),
        show_progress=False,
    )
    return tokenizer, trainer, specials


def _bpe(config: TrainTokenizerConfig) -> tuple[Tokenizer, Any, dict[str, str]]:
    end = "<|endoftext|>"
    specials = {"pad_token": "<|pad|>", "eos_token": end, "bos_token": end, "unk_token": end}
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=config.vocab_size,
        min_frequency=config.min_frequency,
        special_tokens=list(dict.fromkeys(specials.values())),
        # all 256 bytes, so that any text of any script survives the round trip
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    return tokenizer, trainer, specials


def _unigram(config: TrainTokenizerConfig) -> tuple[Tokenizer, Any, dict[str, str]]:
    specials = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=config.vocab_size,
        special_tokens=list(specials.values()),
        unk_token="<unk>",
        show_progress=False,
    )
    return tokenizer, trainer, specials


def _post_processor(algorithm: str, tokenizer: Tokenizer) -> Any:
    def special(token: str) -> tuple[str, int]:
        number = tokenizer.token_to_id(token)
        assert number is not None  # the trainer put every special token in
        return token, number

    if algorithm == "wordpiece":
        return processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[special("[CLS]"), special("[SEP]")],
        )
    if algorithm == "unigram":
        return processors.TemplateProcessing(
            single="$A </s>", pair="$A </s> $B </s>", special_tokens=[special("</s>")]
        )
    return processors.ByteLevel(trim_offsets=False)


def _in_front(first: Any, then: Any) -> Any:
    return normalizers.Sequence([first, then]) if then is not None else first
