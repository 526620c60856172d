"""The keys of the task and of the metric."""

from __future__ import annotations

import re
from typing import Literal

from ftspec.api import ComponentConfig, Field, Prediction, TaskConfig

_BIO_TAG = re.compile(r"O|[BI]-.+")


def is_bio(tag: str) -> bool:
    """Whether a tag begins a span, goes on with one, or is outside of all."""
    return _BIO_TAG.fullmatch(tag) is not None


class TokenClassificationConfig(TaskConfig):
    """A tag for each word."""

    scheme: Literal["bio", "none"] = Field(
        default="bio",
        description='what tags mean: "bio" marks spans (B-PER begins one, I-PER goes on, O is '
        'outside), "none" has a label for each word by itself, such as a part of speech',
    )
    labels: list[str] | None = Field(
        default=None,
        min_length=2,
        description="the tags in the order of their ids; by default those of the data's ClassLabel "
        "feature, or the sorted tags of the training split",
    )
    label_all_pieces: bool = Field(
        default=False,
        description="whether each piece of a word is learned, those after the first with I- in "
        "place of B-; or the first piece alone",
    )

    @property
    def predictions(self) -> frozenset[Prediction]:
        """Tags by sentence, or the classes of all words."""
        return frozenset({"tag-sequence" if self.scheme == "bio" else "class"})


class SeqevalConfig(ComponentConfig):
    """Whole spans compared, by the seqeval library."""

    scheme: Literal["IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU"] | None = Field(
        default=None,
        description="count only spans that are well-formed in this scheme; by default any run of "
        "tags of one type is a span, as in the conlleval script",
    )
    average: Literal["micro", "macro", "weighted"] = Field(
        default="micro", description="over all spans, mean over their types, or by type size"
    )
