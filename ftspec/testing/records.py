"""Hooks and records: accepted by discovery, and readable in listings."""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.components import METRIC, Component, TaskComponent
from ftspec.hookspecs import REGISTER_HOOKS
from ftspec.testing.check import Check, require
from ftspec.testing.subject import Subject, title


def record_checks(subject: Subject) -> Iterator[Check]:
    """Checks that hooks return the same records on every call, and that each record is valid."""
    plugin = subject.plugin

    def hooks_are_stable() -> None:
        for hook in set(REGISTER_HOOKS) & set(plugin.hooks):
            first, second = ([list(records) for records in plugin.call(hook)] for _ in range(2))
            require(first == second, f"{hook} returned other records when it was called again")

    def discovery_is_content() -> None:
        mine = [one.headline for one in subject.registry.problems if str(plugin) in one.headline]
        require(not mine, "; ".join(mine))

    yield Check("is discovered without a warning", plugin.name, discovery_is_content)
    yield Check("its hooks keep no state", plugin.name, hooks_are_stable)
    for component in subject.components:
        yield _record_check(component, subject)


def _record_check(component: Component, subject: Subject) -> Check:
    def run() -> None:
        summary = component.summary
        require(summary.strip(), "a record needs a summary, which listings and editors show")
        require("\n" not in summary, "the summary is one line")
        require(not summary.endswith("."), f'the summary "{summary}" ends with a period')
        if isinstance(component, TaskComponent):
            _check_task(component, subject)

    return Check("record is in form", title(component), run)


def _check_task(task: TaskComponent, subject: Subject) -> None:
    require(
        task.inputs, "a task needs a field that the model reads, and all of its fields are answers"
    )
    for field in task.fields:
        require(field.summary.strip(), f'the field "{field.name}" has no summary')
    for prediction, names in task.default_metrics.items():
        for name in names:
            metric = subject.registry.get(METRIC, name)
            require(metric is not None, f'its default metric "{name}" is not installed')
            scores = metric.component.scores if metric is not None else frozenset()
            require(
                prediction in scores,
                f'its default metric "{name}" scores {", ".join(sorted(scores))}, '
                f'not "{prediction}"',
            )
