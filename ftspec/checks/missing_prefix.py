"""The source text for a T5 checkpoint has no task prefix.

Why: the checkpoints of the T5 paper were trained on many tasks at once, each with a prefix such as
"summarize: ". Without the prefix, the model does not know which task it gets.

Bad:

    model: {checkpoint: google-t5/t5-small}
    task: summarization
    preprocess: {template: {source: "{text}", target: "{summary}"}}

Good:

    model: {checkpoint: google-t5/t5-small}
    task: summarization
    preprocess: {template: {source: "summarize: {text}", target: "{summary}"}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan
from ftspec.spec.template import parse_template

SLUGS = ("missing-prefix",)

_AT: SpecPath = ("preprocess", "template", "source")
_SIZES = {"small", "base", "large", "3b", "11b"}
# T5 models trained without task prefixes, such as v1.1
_WITHOUT = {"efficient", "flan", "lm", "long", "pile", "ssm", "ul2", "v1"}
_PREFIXES = {
    "summarization": "summarize: ",
    "translation": "translate English to German: ",
}


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Check the start of the source template."""
    source = plan.template.get("source")
    checkpoint = plan.model.checkpoint
    if source is None or checkpoint is None or plan.model.init != "pretrained":
        return
    if not _learned_prefixes(checkpoint) or parse_template(source).prefix.strip():
        return
    prefix = _PREFIXES.get(plan.task.type, "task: ")
    yield Diagnostic(
        slug="missing-prefix",
        severity=Severity.WARNING,
        headline=f'"{plan.mask(checkpoint)}" was trained with task prefixes, '
        "and the source has none",
        labels=labelled(spans.span(_AT)),
        helps=(f'add a prefix, such as "{prefix}{{text}}"',),
    )


def _learned_prefixes(checkpoint: str) -> bool:
    words = re.split(r"[-_.]", checkpoint.rstrip("/").rpartition("/")[2].lower())
    sizes = {after for word, after in pairwise(words) if word == "t5"}
    return bool(sizes & _SIZES) and not _WITHOUT & set(words)
