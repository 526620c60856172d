"""The metric that selects the best model is not measured, or is missing where the Trainer needs it.
A metric of a set of data.evaluation is called SET/METRIC.

Why: the Trainer looks the metric up at its first save and fails with a KeyError, often after a
whole epoch.

Bad:

    training: {eval_strategy: epoch, metric_for_best_model: acuracy}

Good:

    training: {eval_strategy: epoch, metric_for_best_model: accuracy}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.evaluation_set import bare_metric
from ftspec.planning.plan import Plan

SLUGS = ("unknown-best-metric",)

_AT: SpecPath = ("training", "metric_for_best_model")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare ``metric_for_best_model`` with the results of the metrics."""
    wanted = plan.training.get("metric_for_best_model")
    if wanted is None and _saves_the_best_only(plan):
        yield Diagnostic(
            slug="unknown-best-metric",
            headline='"save_strategy: best" needs a metric',
            labels=labelled(spans.span(("training", "save_strategy"))),
            helps=('add "metric_for_best_model: loss", or another metric',),
        )
    if wanted is None:
        return
    bare, results = bare_metric(wanted), _results(plan)
    name, _, result = bare.rpartition("/")
    is_of_a_set = name in ("train", "test", *plan.evaluation)
    if name and not is_of_a_set and (results is None or bare in results):
        return  # a metric whose own name has a slash
    problem = _unknown_set(name, plan) if name else None
    if problem is not None:
        headline, helps = problem
        yield Diagnostic(
            slug="unknown-best-metric",
            headline=headline,
            labels=labelled(spans.span(_written_at(wanted, plan, spans))),
            helps=helps,
        )
        return
    if results is None or result in results:
        return
    yield Diagnostic(
        slug="unknown-best-metric",
        headline=f'no metric of the spec returns "{plan.mask(wanted.rpartition("/")[2])}"',
        labels=labelled(spans.span(_written_at(wanted, plan, spans))),
        helps=did_you_mean(result, results) or (one_of(results),),
    )


def _results(plan: Plan) -> list[str] | None:
    """What the metrics of the spec return; ``None`` with one whose results only the run shows."""
    results = ["loss"]
    for metric in plan.metrics:
        if not metric.component.results:
            return None
        results += metric.component.results_of(metric.config)
    return results


def _unknown_set(name: str, plan: Plan) -> tuple[str, tuple[str, ...]] | None:
    """What is wrong with the set whose metric is named, and what to do."""
    watched = [one.name for one in plan.evaluation.values() if one.during_training]
    if name in watched:
        return None
    if name in plan.evaluation:
        headline = f'the set "{name}" is not evaluated during training'
        return headline, (f'write "during_training: true" in data.evaluation.{name}',)
    if name in ("train", "test"):
        return f"the {name} split is not evaluated during training", _known_sets(name, watched)
    return f'there is no set "{plan.mask(name)}" in data.evaluation', _known_sets(name, watched)


def _known_sets(name: str, watched: list[str]) -> tuple[str, ...]:
    names = ["validation", *watched]
    return did_you_mean(name, names) or (one_of(names),)


def _saves_the_best_only(plan: Plan) -> bool:
    """Whether the Trainer needs a metric by name. To load the best model at the end, it uses the
    loss by default."""
    schedule = plan.training.get("lr_scheduler_type")
    return (
        plan.training.get("save_strategy") == "best"
        and plan.training.get("eval_strategy", "no") != "no"
        and not plan.training.get("load_best_model_at_end")
        and schedule not in ("greedy", "reduce_lr_on_plateau")
    )


def _written_at(wanted: str, plan: Plan, spans: Document) -> SpecPath:
    """Where the metric is named: in ``training``, or in the callback that sets it there."""
    if spans.node(_AT) is None:
        for callback in plan.callbacks:
            if bare_metric(str(getattr(callback.config, "metric", ""))) == bare_metric(wanted):
                return (*callback.at, "metric")
    return _AT
