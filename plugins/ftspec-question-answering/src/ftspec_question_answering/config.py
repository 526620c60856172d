"""The keys of the task and of the metric."""

from __future__ import annotations

from ftspec.api import ComponentConfig, Field, Prediction, TaskConfig


class QuestionAnsweringConfig(TaskConfig):
    """The stretch of a context that answers a question."""

    doc_stride: int | None = Field(
        default=None,
        ge=0,
        description="tokens that neighbouring windows of a long context share; a quarter of "
        "tokenizer.max_length by default",
    )
    max_question_length: int = Field(
        default=64, ge=1, description="tokens of a question at most; the rest is cut off"
    )
    max_answer_length: int = Field(default=30, ge=1, description="tokens of an answer at most")
    null_score_threshold: float | None = Field(
        default=None,
        description="set it where questions may have no answer: none is given where its score is "
        "above that of the best answer by more than this",
    )
    n_best: int = Field(default=1, ge=1, description="how many answers prediction gives")

    @property
    def predictions(self) -> frozenset[Prediction]:
        """Texts out of the contexts."""
        return frozenset({"answer"})


class SquadConfig(ComponentConfig):
    """The measure of SQuAD; it has no keys."""
