"""The findings of lint in a sentence-embedding task."""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.api import Diagnostic, Document, Plan, Severity, SpecPath, labelled
from ftspec_embeddings.config import (
    IN_BATCH_LOSSES,
    SCORED_LOSSES,
    LossName,
    SentenceEmbeddingConfig,
)

_TEMPLATE: SpecPath = ("preprocess", "template")
_BATCH: SpecPath = ("training", "per_device_train_batch_size")
_ACCUMULATION: SpecPath = ("training", "gradient_accumulation_steps")

_USED_BY: dict[str, tuple[str, ...]] = {
    "scale": (*IN_BATCH_LOSSES, "cosent", "angle"),
    "margin": ("triplet", "contrastive"),
    "symmetric": IN_BATCH_LOSSES,
    "mini_batch_size": ("cached-multiple-negatives-ranking",),
    "max_score": SCORED_LOSSES,
}


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Every finding about the plan."""
    config = plan.task.config
    if not isinstance(config, SentenceEmbeddingConfig):
        return
    loss = config.loss_for(plan.template)
    yield from _fields(plan, spans, loss)
    yield from _negatives(plan, spans, loss)
    yield from _idle_keys(plan, spans, loss)


def _fields(plan: Plan, spans: Document, loss: LossName) -> Iterator[Diagnostic]:
    """Fields that the loss needs and are missing, or that it does not use."""
    needed = {"triplet": "negative"} | dict.fromkeys(SCORED_LOSSES, "score")
    at = (*plan.task.at, "loss") if spans.node((*plan.task.at, "loss")) else plan.task.at
    field = needed.get(loss)
    if field is not None and field not in plan.template:
        yield Diagnostic(
            slug="embeddings/missing-field",
            headline=f'the loss "{loss}" needs the field "{field}", which the template does '
            "not fill",
            labels=labelled(spans.span(at)),
            helps=(
                f'fill "{field}" in the template',
                'or remove "loss": the default fits the fields of the template',
            ),
        )
    for field, losses in (
        ("score", SCORED_LOSSES),
        ("negative", (*IN_BATCH_LOSSES, "triplet")),
    ):
        if field in plan.template and loss not in losses:
            yield Diagnostic(
                slug="embeddings/unused-field",
                headline=f'the loss "{loss}" does not use the field "{field}"',
                labels=labelled(spans.key_span((*_TEMPLATE, field))),
                helps=(
                    "choose a loss that does: " + ", ".join(f'"{name}"' for name in losses),
                    "or remove the field",
                ),
            )


def _negatives(plan: Plan, spans: Document, loss: LossName) -> Iterator[Diagnostic]:
    """Batches without negatives, or with fewer than expected."""
    if loss not in IN_BATCH_LOSSES:
        return
    if plan.training.get("per_device_train_batch_size") == 1 and "negative" not in plan.template:
        yield Diagnostic(
            slug="embeddings/no-negatives",
            headline=f'the loss "{loss}" takes negatives from the other rows of a batch, and a '
            "batch of one row has none",
            labels=labelled(spans.span(_BATCH)),
            helps=("use a larger batch; 32 or more is usual",),
        )
    steps = plan.training.get("gradient_accumulation_steps", 1)
    if steps > 1:
        yield Diagnostic(
            slug="embeddings/accumulated-negatives",
            severity=Severity.INFO,
            headline=f'"gradient_accumulation_steps: {steps}" adds no negatives: each batch '
            "uses its own",
            labels=labelled(spans.span(_ACCUMULATION)),
            helps=(
                "for a larger batch in the same memory: "
                '"task: {loss: cached-multiple-negatives-ranking, mini_batch_size: …}"',
            ),
        )


def _idle_keys(plan: Plan, spans: Document, loss: LossName) -> Iterator[Diagnostic]:
    """Keys that the loss does not read."""
    for key, losses in _USED_BY.items():
        at = (*plan.task.at, key)
        if loss not in losses and spans.node(at) is not None:
            yield Diagnostic(
                slug="embeddings/idle-key",
                severity=Severity.WARNING,
                headline=f'the loss "{loss}" does not read "{key}"',
                labels=labelled(spans.key_span(at)),
                helps=("it is a key of " + ", ".join(f'"{name}"' for name in losses),),
            )
