"""The records of the plugin. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable

from ftspec.api import MetricComponent, TaskComponent, TaskField, hookimpl
from ftspec_token_classification.checks import ftspec_check_plan
from ftspec_token_classification.config import SeqevalConfig, TokenClassificationConfig

__all__ = ["ftspec_check_plan", "ftspec_register_metrics", "ftspec_register_tasks"]

_INSTALL = "pip install 'ftspec-token-classification[train]'"


@hookimpl
def ftspec_register_tasks() -> Iterable[TaskComponent]:
    """The task."""
    yield TaskComponent(
        name="token-classification",
        summary="a tag for each word, such as names or parts of speech",
        config=TokenClassificationConfig,
        factory="ftspec_token_classification.task:TokenClassification",
        requires=("seqeval",),
        install=_INSTALL,
        fields=(
            TaskField(name="tokens", summary="the words: a list, or a text to split", type="any"),
            TaskField(name="tags", summary="a tag for each word", type="any", is_answer=True),
        ),
        auto_model="AutoModelForTokenClassification",
        default_metrics={"tag-sequence": ("seqeval",), "class": ("accuracy", "f1")},
    )


@hookimpl
def ftspec_register_metrics() -> Iterable[MetricComponent]:
    """The metric of spans."""
    yield MetricComponent(
        name="seqeval",
        summary="precision, recall and F1 of whole spans, accuracy of tags",
        config=SeqevalConfig,
        factory="ftspec_token_classification.span_metric:seqeval",
        requires=("seqeval",),
        install=_INSTALL,
        scores=frozenset({"tag-sequence"}),
        results=("precision", "recall", "f1", "accuracy"),
    )
