"""The keys of the task and of the metric."""

from __future__ import annotations

from ftspec.api import ComponentConfig, Field, Prediction, TaskConfig


class QuestionAnsweringConfig(TaskConfig):
    """The part of a context that answers a question."""

    doc_stride: int | None = Field(
        default=None,
        ge=0,
        description="tokens that neighbouring windows of a long context share; a quarter of "
        "tokenizer.max_length by default",
    )
    max_question_length: int = Field(
        default=64, ge=1, description="maximum number of question tokens; the rest is truncated"
    )
    max_answer_length: int = Field(default=30, ge=1, description="maximum number of answer tokens")
    null_score_threshold: float | None = Field(
        default=None,
        description="for questions that may have no answer: predict none if its score exceeds the "
        "score of the best answer by more than this",
    )
    n_best: int = Field(default=1, ge=1, description="number of answers per prediction")

    @property
    def predictions(self) -> frozenset[Prediction]:
        """Parts of the contexts."""
        return frozenset({"answer"})


class SquadConfig(ComponentConfig):
    """The metric of SQuAD, without keys."""
