"""The keys of the task and of the metric."""

from __future__ import annotations

import re
from typing import Literal

from ftspec.api import ComponentConfig, Field, Prediction, TaskConfig

_BIO_TAG = re.compile(r"O|[BI]-.+")


def is_bio(tag: str) -> bool:
    """Whether a tag starts a span, continues one, or is outside."""
    return _BIO_TAG.fullmatch(tag) is not None


class TokenClassificationConfig(TaskConfig):
    """A tag for each word."""

    scheme: Literal["bio", "none"] = Field(
        default="bio",
        description='the tagging scheme: "bio" marks spans (B-PER starts one, I-PER continues it, '
        'O is outside); "none" has a separate label for each word, such as a part of speech',
    )
    labels: list[str] | None = Field(
        default=None,
        min_length=2,
        description="the tags in the order of their ids; by default from the ClassLabel feature of "
        "the data, or the sorted tags of the training split",
    )
    label_all_pieces: bool = Field(
        default=False,
        description="label every token of a word, with I- instead of B- after the first; by "
        "default only the first token of a word has a label",
    )

    @property
    def predictions(self) -> frozenset[Prediction]:
        """Tags of sentences, or classes of words."""
        return frozenset({"tag-sequence" if self.scheme == "bio" else "class"})


class SeqevalConfig(ComponentConfig):
    """Compares whole spans, with the seqeval library."""

    scheme: Literal["IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU"] | None = Field(
        default=None,
        description="count only valid spans of this scheme; by default any sequence of tags of "
        "one type is a span, as in the conlleval script",
    )
    average: Literal["micro", "macro", "weighted"] = Field(
        default="micro", description="over all spans, mean over their types, or by type size"
    )
