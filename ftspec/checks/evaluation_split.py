"""A setting needs evaluations during training, but there is no validation split or no evaluation.

Why: without a validation split the Trainer fails at its first evaluation. Without evaluations,
early stopping never stops the run, and there is no best model.

Bad:

    data: {splits: {validation: null}}
    training: {eval_strategy: epoch}

Good:

    data: {splits: {validation: {from: train, fraction: 0.1}}}
    training: {eval_strategy: epoch}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan

SLUGS = ("no-validation-split", "no-evaluation")

_BEST: SpecPath = ("training", "load_best_model_at_end")
_HELP = 'add a split: "validation: {from: train, fraction: 0.1}"'


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report every setting that needs evaluations, if they cannot happen."""
    evaluates = plan.training.get("eval_strategy", "no") != "no"
    early = next((one for one in plan.callbacks if one.type == "early-stopping"), None)
    if not evaluates:
        yield from _sets_during_training(plan, spans)
    if plan.splits.validation is None and plan.has_open_splits:
        return  # the source may have one
    if plan.splits.validation is None:
        faults: list[SpecPath] = [("training", "eval_strategy")] if evaluates else []
        faults += [early.at] if early is not None else []
        for at in faults:
            yield Diagnostic(
                slug="no-validation-split",
                headline="this needs a validation split, and there is none",
                labels=labelled(spans.span(at)),
                helps=(_HELP,),
            )
    elif early is not None and not evaluates:
        yield Diagnostic(
            slug="no-evaluation",
            headline="early stopping needs evaluations, and there are none during training",
            labels=labelled(spans.span(early.at)),
            helps=('write "training: {eval_strategy: epoch}"',),
        )
    if plan.training.get("save_strategy") == "best" and not evaluates:
        yield Diagnostic(
            slug="no-evaluation",
            headline='"save_strategy: best" needs evaluations, and there are none during training',
            labels=labelled(spans.span(("training", "save_strategy"))),
            helps=('write "training: {eval_strategy: epoch}"',),
        )
    written = spans.node(_BEST) is not None
    keeper = next((one for one in plan.callbacks if one.type == "best-model"), None)
    if plan.training.get("load_best_model_at_end") and not evaluates and (written or not early):
        yield Diagnostic(
            slug="no-evaluation",
            headline="selecting the best model needs evaluations, and there are none during "
            "training",
            labels=labelled(spans.span(keeper.at if keeper and not written else _BEST)),
            helps=('write "training: {eval_strategy: epoch, save_strategy: epoch}"',),
        )


def _sets_during_training(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    for one in plan.evaluation.values():
        if one.during_training:
            yield Diagnostic(
                slug="no-evaluation",
                severity=Severity.WARNING,
                headline=f'the set "{one.name}" is evaluated only at the end: there are no '
                "evaluations during training",
                labels=labelled(spans.span((*one.at, "during_training"))),
                helps=('write "training: {eval_strategy: epoch}"',),
            )
