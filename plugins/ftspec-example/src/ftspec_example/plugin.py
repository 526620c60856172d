"""The record of the task, a check, and two observers. This module must not import torch."""

from __future__ import annotations

from collections.abc import Iterable

from ftspec.api import (
    Diagnostic,
    Document,
    Plan,
    RunDirectory,
    TaskComponent,
    TaskField,
    hookimpl,
    labelled,
)
from ftspec_example.config import MultipleChoiceConfig
from ftspec_example.history import add_line


@hookimpl
def ftspec_register_tasks() -> Iterable[TaskComponent]:
    """The task. A string names its factory, which only a run imports."""
    yield TaskComponent(
        name="multiple-choice",
        summary="choose the right one of several answers",
        config=MultipleChoiceConfig,
        factory="ftspec_example.task:MultipleChoice",
        fields=(
            TaskField(name="question", summary="the question"),
            TaskField(name="choices", summary="a list of texts, or one text to split", type="any"),
            TaskField(
                name="answer", summary="index of the right choice", type="any", is_answer=True
            ),
        ),
        auto_model="AutoModelForMultipleChoice",
        default_metrics={"class": ("accuracy",)},
        install="pip install 'ftspec-example[train]'",
    )


@hookimpl
def ftspec_check_plan(plan: Plan, spans: Document) -> Iterable[Diagnostic]:
    """Check that a template over several columns has the separator between them."""
    config, choices = plan.task.config, plan.template.get("choices", "")
    if not isinstance(config, MultipleChoiceConfig):
        return
    if choices.count("{") > 1 and config.separator not in choices:
        yield Diagnostic(
            slug="example/one-choice",
            headline=f'there is no "{config.separator}" between the choices',
            labels=labelled(spans.span(("preprocess", "template", "choices"))),
            helps=(f'write it between the columns, for example "{{a}}{config.separator}{{b}}"',),
        )


@hookimpl
def ftspec_run_started(plan: Plan, run_dir: RunDirectory) -> None:
    """Observers are called for every run, so check the task."""
    if isinstance(plan.task.config, MultipleChoiceConfig):
        add_line(plan, run_dir, "started")


@hookimpl
def ftspec_run_finished(plan: Plan, run_dir: RunDirectory, outcome: str) -> None:
    """The outcome is "finished", "failed" or "interrupted"."""
    if isinstance(plan.task.config, MultipleChoiceConfig):
        add_line(plan, run_dir, outcome)
