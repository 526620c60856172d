"""The keys of the built-in tasks."""

from __future__ import annotations

from typing import Literal

from ftspec.api import Field, Prediction, TaskConfig

_PREDICTIONS: dict[str, Prediction] = {
    "single-label": "class",
    "multi-label": "class-set",
    "regression": "value",
}


class TextClassificationConfig(TaskConfig):
    """Texts, or pairs of texts, to a label, several labels, or a number."""

    problem: Literal["single-label", "multi-label", "regression"] = Field(
        default="single-label", description="one label for each text, any number, or a value"
    )
    labels: list[str] | None = Field(
        default=None,
        min_length=2,
        description="the names of the labels; by default those of the data's ClassLabel feature, "
        "or the sorted values of the training split",
    )
    threshold: float = Field(
        default=0.5, gt=0, lt=1, description="multi-label: probability from which a label is given"
    )

    @property
    def predictions(self) -> frozenset[Prediction]:
        """Classes, sets of classes or values, by the problem."""
        return frozenset({_PREDICTIONS[self.problem]})


class Seq2SeqConfig(TaskConfig):
    """Text to text with an encoder-decoder model."""

    predict_with_generate: bool = Field(
        default=True, description="whether evaluation generates text for the metrics"
    )
    num_beams: int = Field(default=1, ge=1, description="beams of the search; 1 is greedy")

    @property
    def predictions(self) -> frozenset[Prediction]:
        """Texts, where evaluation generates them."""
        texts: frozenset[Prediction] = frozenset({"text"})
        return texts | {"loss"} if self.predict_with_generate else frozenset({"loss"})


class TextGenerationConfig(TaskConfig):
    """The next token of a text."""

    packing: bool = Field(
        default=True,
        description="join documents with the end-of-text token and cut the whole to blocks of "
        "tokenizer.max_length; or one example for each row",
    )
    cross_document_attention: bool = Field(
        default=True,
        description="whether a document in a block sees those before it; otherwise each is learned "
        "as if it stood alone",
    )
    max_new_tokens: int = Field(default=50, ge=1, description="length of generated text")
    do_sample: bool = Field(default=False, description="draw the next token instead of the best")
    temperature: float = Field(default=1.0, gt=0, description="how evenly tokens are drawn")

    @property
    def predictions(self) -> frozenset[Prediction]:
        """The mean loss over tokens."""
        return frozenset({"loss"})
