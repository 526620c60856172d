"""The keys of the task in a spec. Imports without torch, as lint does."""

from __future__ import annotations

from ftspec.api import Field, Prediction, TaskConfig


class MultipleChoiceConfig(TaskConfig):
    """A question with several answers to choose from, one of which is right."""

    count: int = Field(default=4, ge=2, description="how many choices each row has")
    separator: str = Field(
        default="|", min_length=1, description="what stands between choices that are one text"
    )

    @property
    def predictions(self) -> frozenset[Prediction]:
        """The position of the choice, which accuracy scores."""
        return frozenset({"class"})
