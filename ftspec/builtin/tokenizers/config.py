"""The keys of the built-in tokenizers."""

from __future__ import annotations

from typing import Annotated, Literal

from ftspec.api import Field, FromEnvironment, LocalPath, TokenizerConfig


class AutoTokenizerConfig(TokenizerConfig):
    """The tokenizer that comes with a checkpoint."""

    checkpoint: Annotated[str | None, LocalPath(must_exist=True, or_hub_name=True)] = Field(
        default=None, description="where its files are, as in the model section; the model's own"
    )
    revision: Annotated[str | None, FromEnvironment()] = Field(
        default=None, description="revision of that checkpoint"
    )


class TrainTokenizerConfig(TokenizerConfig):
    """A tokenizer learned from the text of the training split."""

    algorithm: Literal["wordpiece", "bpe", "unigram"] = Field(
        description="WordPiece as BERT has it, byte-level BPE as GPT-2, Unigram as T5"
    )
    vocab_size: int = Field(default=30_000, ge=64, description="size of the vocabulary at most")
    min_frequency: int = Field(default=2, ge=1, description="how often a piece must occur")
    lowercase: bool = Field(default=False, description="whether text is put in lower case first")
