"""The records of the plugin. Imports nothing heavy."""

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
        summary="find the answer to a question in a text",
        config=QuestionAnsweringConfig,
        factory="ftspec_question_answering.task:QuestionAnswering",
        install=_INSTALL,
        fields=(
            TaskField(name="question", summary="the question"),
            TaskField(name="context", summary="the text with the answer"),
            TaskField(
                name="id",
                summary="the id of a row, which predictions return",
                required=False,
                type="any",
                is_needed_to_predict=False,
            ),
            TaskField(
                name="answers",
                summary="the answers in the format of SQuAD: {text: […], answer_start: […]}",
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
