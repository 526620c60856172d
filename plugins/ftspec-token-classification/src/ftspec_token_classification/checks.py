"""The findings of lint in a spec with this task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ftspec.api import Diagnostic, Document, Plan, hookimpl, labelled
from ftspec_token_classification.config import TokenClassificationConfig, is_bio

_BARE = re.compile(r"\{[^{}]+\}")
_TAGS = ("preprocess", "template", "tags")


@hookimpl
def ftspec_check_plan(plan: Plan, spans: Document) -> Iterable[Diagnostic]:
    """Check that labels are tags of the scheme, and that the template keeps the list of tags."""
    config = plan.task.config
    if isinstance(config, TokenClassificationConfig):
        yield from _check_labels(config, plan, spans)
        yield from _check_tags(plan, spans)


def _check_labels(
    config: TokenClassificationConfig, plan: Plan, spans: Document
) -> Iterator[Diagnostic]:
    if config.scheme != "bio":
        return
    for index, label in enumerate(config.labels or ()):
        if not is_bio(label):
            yield Diagnostic(
                slug="token-classification/not-bio",
                headline=f'"{label}" is not a tag of the scheme "bio"',
                labels=labelled(spans.span((*plan.task.at, "labels", index))),
                helps=(
                    f'write "B-{label}" and "I-{label}", and "O" for words outside',
                    'or write "scheme: none" for labels of single words',
                ),
            )


def _check_tags(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    template = plan.template.get("tags")
    if template is not None and not _BARE.fullmatch(template):
        yield Diagnostic(
            slug="token-classification/tags-as-text",
            headline="the tags of a row are a list, and this template turns them into text",
            labels=labelled(spans.span(_TAGS)),
            helps=('write only the placeholder, as in tags: "{ner_tags}"',),
        )
