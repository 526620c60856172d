"""The keys of the task in a spec. This module must not import torch."""

from __future__ import annotations

from ftspec.api import Field, Prediction, TaskConfig


class MultipleChoiceConfig(TaskConfig):
    """A question with several answers, one of them right."""

    count: int = Field(default=4, ge=2, description="number of choices in each row")
    separator: str = Field(
        default="|", min_length=1, description="separates choices that are one text"
    )

    @property
    def predictions(self) -> frozenset[Prediction]:
        """The index of the choice, which accuracy scores."""
        return frozenset({"class"})
