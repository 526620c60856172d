"""What ftspec finds: the record of the task, a check, and two observers. Imports without torch."""

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
    """The task. Its factory is named and not imported: only a run does that."""
    yield TaskComponent(
        name="multiple-choice",
        summary="which of several texts answers another",
        config=MultipleChoiceConfig,
        factory="ftspec_example.task:MultipleChoice",
        fields=(
            TaskField(name="question", summary="the text that asks"),
            TaskField(name="choices", summary="a list of texts, or one text", type="any"),
            TaskField(name="answer", summary="the right one, from 0", type="any", is_answer=True),
        ),
        auto_model="AutoModelForMultipleChoice",
        default_metrics={"class": ("accuracy",)},
        install="pip install 'ftspec-example[train]'",
    )


@hookimpl
def ftspec_check_plan(plan: Plan, spans: Document) -> Iterable[Diagnostic]:
    """A template that makes one text of several columns, with nothing to split it at."""
    config, choices = plan.task.config, plan.template.get("choices", "")
    if not isinstance(config, MultipleChoiceConfig):
        return
    if choices.count("{") > 1 and config.separator not in choices:
        yield Diagnostic(
            slug="example/one-choice",
            headline=f'there is no "{config.separator}" between the choices',
            labels=labelled(spans.span(("preprocess", "template", "choices"))),
            helps=(f'write it between the columns, as in "{{a}}{config.separator}{{b}}"',),
        )


@hookimpl
def ftspec_run_started(plan: Plan, run_dir: RunDirectory) -> None:
    """Observers hear of every run, so they look whose it is."""
    if isinstance(plan.task.config, MultipleChoiceConfig):
        add_line(plan, run_dir, "started")


@hookimpl
def ftspec_run_finished(plan: Plan, run_dir: RunDirectory, outcome: str) -> None:
    """The outcome is "finished", "failed" or "interrupted"."""
    if isinstance(plan.task.config, MultipleChoiceConfig):
        add_line(plan, run_dir, outcome)
