"""A tokenizer trained on the training split. The same text gives the same tokenizer."""

from __future__ import annotations

import io
from typing import Any

from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
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

from ftspec.api import RunError, TokenizerContext
from ftspec.builtin.tokenizers.config import TrainTokenizerConfig

_WORD_START = "▁"


def train_tokenizer(
    config: TrainTokenizerConfig, context: TokenizerContext
) -> PreTrainedTokenizerBase:
    """Train a tokenizer with the special tokens that are usual for the algorithm."""
    learn = {"wordpiece": _wordpiece, "bpe": _bpe, "unigram": _unigram}
    tokenizer, specials = learn[config.algorithm](config, context)
    tokenizer.post_processor = _post_processor(config.algorithm, tokenizer)
    context.note(
        f"trained a {config.algorithm} tokenizer with {tokenizer.get_vocab_size():,} tokens "
        "on the training text"
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, **specials
    )


def _wordpiece(
    config: TrainTokenizerConfig, context: TokenizerContext
) -> tuple[Tokenizer, dict[str, str]]:
    """The tokenizer of BERT, trained with BPE: the WordPiece trainer of the library breaks ties by
    the order of a hash map, so its result differs each time."""
    specials = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    words = pre_tokenizers.BertPreTokenizer()
    learner = Tokenizer(models.BPE())
    learner.normalizer = _canonical(config)
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [words, pre_tokenizers.Metaspace(replacement=_WORD_START)]
    )
    _learn(learner, trainers.BpeTrainer, config, context)
    learned = learner.get_vocab()
    in_order = sorted(learned, key=lambda piece: learned[piece])
    # every character, so that few words are unknown, then longer pieces in the order of training
    characters = [piece for piece in in_order if len(piece) == 1 and piece != _WORD_START]
    basic = [*specials.values(), *characters, *(f"##{character}" for character in characters)]
    longer = [_as_wordpiece(piece) for piece in in_order if len(piece) > 1]
    pieces = list(dict.fromkeys([*basic, *longer]))[: max(config.vocab_size, len(basic))]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.add_special_tokens(list(specials.values()))
    tokenizer.normalizer = learner.normalizer
    tokenizer.pre_tokenizer = words
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer, specials


def _as_wordpiece(piece: str) -> str:
    return piece[1:] if piece.startswith(_WORD_START) else f"##{piece}"


def _bpe(
    config: TrainTokenizerConfig, context: TokenizerContext
) -> tuple[Tokenizer, dict[str, str]]:
    end = "<|endoftext|>"
    specials = {"pad_token": "<|pad|>", "eos_token": end, "bos_token": end, "unk_token": end}
    tokenizer = Tokenizer(models.BPE())
    if config.lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    _learn(
        tokenizer,
        trainers.BpeTrainer,
        config,
        context,
        special_tokens=list(dict.fromkeys(specials.values())),
        # all 256 bytes, so that any text can be encoded and decoded
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    return tokenizer, specials


def _unigram(
    config: TrainTokenizerConfig, context: TokenizerContext
) -> tuple[Tokenizer, dict[str, str]]:
    """The tokenizer of T5, trained with SentencePiece in one thread: with ``tokenizers`` or more
    threads, the scores vary."""
    specials = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    normalizer = _canonical(config)
    lines = (normalizer.normalize_str(text) for batch in context.texts() for text in batch)
    model = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=lines,
            model_writer=model,
            model_type="unigram",
            vocab_size=config.vocab_size,
            hard_vocab_limit=False,  # a small text has fewer pieces
            character_coverage=1.0,
            max_sentence_length=2**30,  # longer lines would be skipped silently
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _unlearnable(error, config, context) from error
    learned = SentencePieceProcessor(model_proto=model.getvalue())
    numbers = range(learned.get_piece_size())
    pieces = [(learned.id_to_piece(number), learned.get_score(number)) for number in numbers]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.add_special_tokens(list(specials.values()))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer, specials


def _learn(
    tokenizer: Tokenizer,
    trainer: Any,
    config: TrainTokenizerConfig,
    context: TokenizerContext,
    **options: Any,
) -> None:
    tokenizer.train_from_iterator(
        context.texts(),
        trainer(
            vocab_size=config.vocab_size,
            min_frequency=config.min_frequency,
            show_progress=False,
            **options,
        ),
    )


def _canonical(config: TrainTokenizerConfig) -> Any:
    """Normalizes characters to one form."""
    nfc = normalizers.NFC()
    return normalizers.Sequence([normalizers.Lowercase(), nfc]) if config.lowercase else nfc


def _unlearnable(
    error: RuntimeError, config: TrainTokenizerConfig, context: TokenizerContext
) -> RunError:
    if "required_chars" in str(error):
        return RunError(
            f"{config.vocab_size:,} tokens are too few for all characters of the text",
            slug="vocab-size",
            at=(*context.section, "vocab_size"),
            helps=("write a larger one, or use bpe, which works on bytes",),
        )
    return RunError("there is no text to train a tokenizer on", slug="no-text", at=context.section)


def _post_processor(algorithm: str, tokenizer: Tokenizer) -> Any:
    def special(token: str) -> tuple[str, int]:
        number = tokenizer.token_to_id(token)
        assert number is not None  # every vocabulary starts with the special tokens
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
