"""What the plugin contributes. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable

from ftspec.api import MetricComponent, TaskComponent, TaskField, hookimpl
from ftspec_question_answering.checks import ftspec_check_plan
from ftspec_question_answering.config import QuestionAnsweringConfig, SquadConfig

__all__ = ["ftspec_check_plan", "ftspec_register_metrics", "ftspec_register_tasks"]

_INSTALL = "pip install 'ftspec-question-answering[train]'"


@hookimpl
def ftspec_register_tasks() -> Iterable[TaskComponent]:
    """The task."""
    yield TaskComponent(
        name="question-answering",
        summary="the stretch of a context that answers a question",
        config=QuestionAnsweringConfig,
        factory="ftspec_question_answering.task:QuestionAnswering",
        install=_INSTALL,
        fields=(
            TaskField(name="question", summary="the question"),
            TaskField(name="context", summary="the text that the answer is in"),
            TaskField(
                name="id",
                summary="what a row is known by: prediction gives it back",
                required=False,
                type="any",
                is_needed_to_predict=False,
            ),
            TaskField(
                name="answers",
                summary="the answers as SQuAD has them: {text: […], answer_start: […]}",
                type="any",
                is_answer=True,
            ),
        ),
        auto_model="AutoModelForQuestionAnswering",
        default_metrics={"answer": ("squad",)},
    )


@hookimpl
def ftspec_register_metrics() -> Iterable[MetricComponent]:
    """The metric of answers."""
    yield MetricComponent(
        name="squad",
        summary="exact match and F1 over words as SQuAD defines them, in percent",
        config=SquadConfig,
        factory="ftspec_question_answering.answer_metric:squad",
        requires=("torchmetrics",),
        install=_INSTALL,
        scores=frozenset({"answer"}),
        results=("exact_match", "f1"),
    )
