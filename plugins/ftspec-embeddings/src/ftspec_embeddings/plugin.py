"""The records of the task and its metric, and their checks. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable

from ftspec.api import (
    Diagnostic,
    Document,
    MetricComponent,
    Plan,
    TaskComponent,
    TaskField,
    hookimpl,
)
from ftspec_embeddings import checks
from ftspec_embeddings.config import RetrievalConfig, SentenceEmbeddingConfig

_INSTALL = "pip install 'ftspec-embeddings[train]'"


@hookimpl
def ftspec_register_tasks() -> Iterable[TaskComponent]:
    """What the model learns."""
    yield TaskComponent(
        name="sentence-embedding",
        summary="vectors that are close for texts that belong together",
        config=SentenceEmbeddingConfig,
        factory="ftspec_embeddings.task:SentenceEmbedding",
        fields=(
            TaskField(name="anchor", summary="the text, such as a question"),
            TaskField(
                name="positive",
                summary="a matching text, such as the answer",
                is_needed_to_predict=False,
            ),
            TaskField(
                name="negative",
                summary="a text that does not match",
                required=False,
                is_answer=True,
            ),
            TaskField(
                name="score",
                summary="how well anchor and positive match",
                required=False,
                type="label",
                is_answer=True,
            ),
        ),
        auto_model="AutoModel",
        default_metrics={"ranks": ("retrieval",), "value": ("spearman",)},
        requires=("sentence_transformers",),
        install=_INSTALL,
    )


@hookimpl
def ftspec_register_metrics() -> Iterable[MetricComponent]:
    """What is measured."""
    yield MetricComponent(
        name="retrieval",
        summary="how well a search with the anchors finds their positives in the split",
        config=RetrievalConfig,
        factory="ftspec_embeddings.retrieval:retrieval",
        scores=frozenset({"ranks"}),
        results=("recall@1", "recall@{k}", "mrr@{k}", "ndcg@{k}", "map"),
        install=_INSTALL,
    )


@hookimpl
def ftspec_check_plan(plan: Plan, spans: Document) -> Iterable[Diagnostic]:
    """Check that the loss fits the fields, the batch size and the keys."""
    return checks.check(plan, spans)
