"""The findings of lint in a spec with this task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ftspec.api import Diagnostic, Document, Plan, hookimpl, labelled
from ftspec_question_answering.config import QuestionAnsweringConfig

_BARE = re.compile(r"\{[^{}]+\}")
_ANSWERS = ("preprocess", "template", "answers")


@hookimpl
def ftspec_check_plan(plan: Plan, spans: Document) -> Iterable[Diagnostic]:
    """Check that windows advance, and that the template keeps the lists of answers."""
    config = plan.task.config
    if isinstance(config, QuestionAnsweringConfig):
        yield from _check_stride(config, plan, spans)
        yield from _check_answers(plan, spans)


def _check_stride(
    config: QuestionAnsweringConfig, plan: Plan, spans: Document
) -> Iterator[Diagnostic]:
    stride, length = config.doc_stride, plan.tokenizer.config.max_length
    if stride is not None and length is not None and stride >= length:
        yield Diagnostic(
            slug="question-answering/stride",
            headline=f"neighbouring windows cannot share {stride} tokens: a window has {length}",
            labels=labelled(spans.span((*plan.task.at, "doc_stride"))),
            helps=(f'write less than "max_length", such as {length // 4}, or raise "max_length"',),
        )


def _check_answers(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    template = plan.template.get("answers")
    if template is not None and not _BARE.fullmatch(template):
        yield Diagnostic(
            slug="question-answering/answers-as-text",
            headline="the answers of a row are lists, and this template turns them into text",
            labels=labelled(spans.span(_ANSWERS)),
            helps=('write only the placeholder, as in answers: "{answers}"',),
        )
