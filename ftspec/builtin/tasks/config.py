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
        default="single-label", description="one label per text, several labels, or a number"
    )
    labels: list[str] | None = Field(
        default=None,
        min_length=2,
        description="names of the labels; by default from the ClassLabel feature of the data, or "
        "the sorted values of the training split. If no value is a name, and every value is a "
        "whole number from 0, values are positions in this list",
    )
    separator: str | None = Field(
        default=None,
        min_length=1,
        description='multi-label: what is between the labels of a text, such as ";" for '
        '"sports;music". With "labels", the text may also have a 0 or 1 for each label, as a '
        'template of several columns gives it: "{sports};{music}"',
    )
    threshold: float = Field(
        default=0.5,
        gt=0,
        lt=1,
        description="multi-label: smallest probability of a predicted label",
    )

    @property
    def predictions(self) -> frozenset[Prediction]:
        """Classes, sets of classes or values, depending on the problem."""
        return frozenset({_PREDICTIONS[self.problem]})


class Seq2SeqConfig(TaskConfig):
    """Text to text with an encoder-decoder model."""

    predict_with_generate: bool = Field(
        default=True, description="whether evaluation generates text for the metrics"
    )
    num_beams: int = Field(default=1, ge=1, description="number of beams; 1 is greedy search")

    @property
    def predictions(self) -> frozenset[Prediction]:
        """Texts and the loss, or only the loss if evaluation does not generate text."""
        texts: frozenset[Prediction] = frozenset({"text"})
        return texts | {"loss"} if self.predict_with_generate else frozenset({"loss"})


class TextGenerationConfig(TaskConfig):
    """Causal language modeling: the next token of a text."""

    packing: bool = Field(
        default=True,
        description="true: join documents with the end-of-text token and split them into blocks "
        "of tokenizer.max_length; false: one example per row",
    )
    cross_document_attention: bool = Field(
        default=True,
        description="whether tokens attend to earlier documents of their block; false trains each "
        "document as if it were alone",
    )
    max_new_tokens: int = Field(default=50, ge=1, description="maximum number of generated tokens")
    do_sample: bool = Field(
        default=False, description="sample tokens instead of taking the most likely"
    )
    temperature: float = Field(default=1.0, gt=0, description="sampling temperature")

    @property
    def predictions(self) -> frozenset[Prediction]:
        """The mean loss over tokens."""
        return frozenset({"loss"})
