"""The findings of lint in a spec with this task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ftspec.api import (
    Diagnostic,
    Document,
    LabelColumn,
    LabelCounts,
    Plan,
    RunError,
    Severity,
    hookimpl,
    labelled,
    learn_labels,
    local_values,
)
from ftspec_token_classification.config import TokenClassificationConfig, is_bio
from ftspec_token_classification.tags import TAGS, as_tags

_BARE = re.compile(r"\{[^{}]+\}")
_FEWEST_WORDS = 1_000  # with fewer, it goes without saying that tags have few words


@hookimpl
def ftspec_check_plan(plan: Plan, spans: Document) -> Iterable[Diagnostic]:
    """Check that labels are tags of the scheme, that the template keeps the list of tags, and what
    the tags of the first rows mean."""
    config = plan.task.config
    if isinstance(config, TokenClassificationConfig):
        found = [*_check_labels(config, plan, spans), *_check_tags(plan, spans)]
        yield from found or _check_values(config, plan, spans)


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
            labels=labelled(spans.span(TAGS)),
            helps=('write only the placeholder, as in tags: "{ner_tags}"',),
        )


def _check_values(
    config: TokenClassificationConfig, plan: Plan, spans: Document
) -> Iterator[Diagnostic]:
    """Say of the tags of the first rows of a local file what the run would say."""
    found = local_values(plan, "tags")
    if found is None:
        return
    try:
        for row in found.values:
            as_tags(row)
    except RunError as error:
        yield Diagnostic(
            slug="token-classification/tags",
            headline=plan.mask(error.headline),
            labels=labelled(spans.span(TAGS)),
            helps=error.helps,
        )
        return
    counts = LabelCounts(tag for row in found.values for tag in row)
    is_enough = found.is_whole and counts.total >= _FEWEST_WORDS
    column = LabelColumn(
        at=TAGS,
        names=config.labels,
        unit="words",
        sample="" if is_enough else f"the first {len(found.values):,} rows",
    )
    at = TAGS if config.labels is None else (*plan.task.at, "labels")
    if not counts.total:
        return
    try:
        warnings = learn_labels(counts, column).warnings
    except RunError as error:
        yield Diagnostic(
            slug=f"token-classification/{error.slug}",
            headline=plan.mask(error.headline),
            labels=labelled(spans.span(at)),
            helps=error.helps,
        )
        return
    for slug, headline, helps in warnings:
        yield Diagnostic(
            slug=f"token-classification/{slug}",
            severity=Severity.WARNING,
            headline=plan.mask(headline),
            labels=labelled(spans.span(at)),
            helps=helps,
        )
