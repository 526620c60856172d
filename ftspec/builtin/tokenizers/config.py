"""The keys of the built-in tokenizers."""

from __future__ import annotations

from typing import Annotated, Literal

from ftspec.api import Field, FromEnvironment, LocalPath, TokenizerConfig


class AutoTokenizerConfig(TokenizerConfig):
    """The tokenizer of a checkpoint."""

    checkpoint: Annotated[str | None, LocalPath(must_exist=True, or_hub_name=True)] = Field(
        default=None, description="as in the model section; the model's checkpoint by default"
    )
    revision: Annotated[str | None, FromEnvironment()] = Field(
        default=None, description="revision of that checkpoint"
    )
    src_lang: str | None = Field(
        default=None,
        description="for a multilingual model: the language of the texts, as transformers codes it "
        '("eng_Latn", "en_XX" or "en")',
    )
    tgt_lang: str | None = Field(
        default=None, description="for a multilingual model: the language of the targets"
    )


class TrainTokenizerConfig(TokenizerConfig):
    """A tokenizer trained on the text of the training split."""

    algorithm: Literal["wordpiece", "bpe", "unigram"] = Field(
        description="WordPiece as in BERT, byte-level BPE as in GPT-2, Unigram as in T5"
    )
    vocab_size: int = Field(default=30_000, ge=64, description="maximum size of the vocabulary")
    min_frequency: int = Field(default=2, ge=1, description="how often a token must occur")
    lowercase: bool = Field(default=False, description="convert text to lower case first")
