"""The configuration of the model sets the dtype of its weights, which has a key of its own.

Why: the weights are loaded as "dtype" in the model section says. The field of the configuration
would have no effect.

Bad:

    model: {checkpoint: google-bert/bert-base-uncased, config: {dtype: bfloat16}}

Good:

    model: {checkpoint: google-bert/bert-base-uncased, dtype: bf16}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.planning.plan import Plan

SLUGS = ("dtype-in-config",)

_FIELDS = ("dtype", "torch_dtype")
_NAMES = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16", "half": "fp16", "float": "fp32"}


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report the fields of the configuration that name a dtype."""
    for field in _FIELDS:
        if field not in plan.model.config:
            continue
        value = str(plan.model.config[field]).removeprefix("torch.")
        yield Diagnostic(
            slug="dtype-in-config",
            severity=Severity.ERROR,
            headline=f'"{field}" in the configuration of the model has no effect',
            labels=labelled(spans.span(("model", "config", field))),
            helps=(f'write "dtype: {_NAMES.get(value, "auto")}" in the model section',),
        )
