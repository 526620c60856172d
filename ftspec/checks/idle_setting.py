"""A setting has no effect because of another setting.

Why: the spec reads as if the setting worked, and changing it changes nothing.

Bad:

    training: {eval_strategy: epoch, eval_steps: 200}

Good:

    training: {eval_strategy: steps, eval_steps: 200}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Label, Severity
from ftspec.document.load import Document
from ftspec.document.nodes import ScalarNode
from ftspec.document.paths import SpecPath
from ftspec.planning.idle_arguments import idle_arguments
from ftspec.planning.plan import Plan
from ftspec.spec.base import ComponentConfig, is_local
from ftspec.spec.training import with_defaults

SLUGS = ("idle-setting",)

_SWITCHES = {"fsdp_config": "fsdp", "liger_kernel_config": "use_liger_kernel"}
"""Settings of something that another setting switches on."""

Idle = tuple[SpecPath, SpecPath, str]
"""The setting, the other setting, and when the first has no effect."""


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report settings that another setting of the same file disables. Overlays may do so."""
    if spans.profile is not None:
        return
    for at, other, when in (
        *_training(plan),
        *_tokenizer(plan),
        *_model(plan),
        *_task(plan),
        *_performance(plan),
    ):
        written, cause = spans.node(at), spans.node(other)
        if written is None or (isinstance(written, ScalarNode) and written.value is None):
            continue
        if cause is not None and cause.span.source != written.span.source:
            continue
        labels = [Label(spans.span(at))]
        if cause is not None:
            labels.append(Label(spans.span(other), "because of this"))
        yield Diagnostic(
            slug="idle-setting",
            severity=Severity.WARNING,
            headline=f"{at[-1]} has no effect {when}",
            labels=tuple(labels),
            helps=("remove it",) if cause is None else ("remove it, or change the other setting",),
        )


def _training(plan: Plan) -> Iterator[Idle]:
    settings = with_defaults(plan.training)
    for event in ("eval", "save", "logging"):
        strategy = settings[f"{event}_strategy"]
        if strategy == "steps":
            continue
        if (
            event == "logging"
            and settings["eval_strategy"] == "steps"
            and not settings["eval_steps"]
        ):
            continue  # evaluation uses logging_steps
        when = f'while {event}_strategy is "{strategy}"'
        yield ("training", f"{event}_steps"), ("training", f"{event}_strategy"), when
    if settings["save_strategy"] == "no":
        yield (
            ("training", "save_total_limit"),
            ("training", "save_strategy"),
            "when nothing is saved",
        )
    if settings["eval_strategy"] == "no":
        when = 'while eval_strategy is "no"'
        yield ("training", "eval_delay"), ("training", "eval_strategy"), when
    for name, switch in _SWITCHES.items():
        if not settings[switch]:
            yield ("training", name), ("training", switch), f"without {switch}"
    for argument, cause, when in idle_arguments(plan):
        yield ("training", argument), cause, when


def _tokenizer(plan: Plan) -> Iterator[Idle]:
    at = plan.tokenizer.at
    if not any(field.is_answer and field.type == "text" for field in plan.task.component.fields):
        when = f'in the task "{plan.task.type}", which learns no target text'
        yield (*at, "max_target_length"), ("task",), when
    if getattr(plan.tokenizer.config, "checkpoint", None) is None:
        yield (*at, "revision"), (*at, "checkpoint"), "unless the tokenizer has its own checkpoint"


def _model(plan: Plan) -> Iterator[Idle]:
    checkpoint = plan.model.checkpoint
    if checkpoint is None or is_local(checkpoint) or checkpoint.startswith("package:"):
        yield (
            ("model", "revision"),
            ("model", "checkpoint"),
            "for a checkpoint that is not on the Hub",
        )


def _task(plan: Plan) -> Iterator[Idle]:
    config, at = plan.task.config, plan.task.at
    problem = getattr(config, "problem", "multi-label")
    if getattr(config, "do_sample", True) is False and _is_set(config, "temperature"):
        yield (*at, "temperature"), (*at, "do_sample"), "while do_sample is false"
    if getattr(config, "packing", True) is False and _is_set(config, "cross_document_attention"):
        when = "while packing is false"
        yield (*at, "cross_document_attention"), (*at, "packing"), when
    if problem != "multi-label" and _is_set(config, "threshold"):
        yield (*at, "threshold"), (*at, "problem"), f'while problem is "{problem}"'
    if problem == "regression":
        yield (*at, "labels"), (*at, "problem"), "in a regression"


def _performance(plan: Plan) -> Iterator[Idle]:
    batching = plan.performance.batching
    if batching != "exact":
        for key in ("micro_batch_overhead_tokens", "max_tokens_per_device"):
            when = f'while batching is "{batching}"'
            yield ("performance", key), ("performance", "batching"), when


def _is_set(config: ComponentConfig, key: str) -> bool:
    """Whether a key differs from its default. A resolved spec writes defaults out."""
    field = type(config).model_fields.get(key)
    return field is not None and getattr(config, key) != field.default
