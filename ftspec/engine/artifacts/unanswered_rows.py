"""Rows without references: a model predicts them, and there is nothing to measure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import datasets

from ftspec.diagnostics.suggest import nearest
from ftspec.engine.artifacts.predict import Predictor
from ftspec.engine.artifacts.saved_model import TrainedModel
from ftspec.engine.data.columns import columns_of
from ftspec.engine.data.fields import render_fields
from ftspec.engine.progress.run_log import Note
from ftspec.planning.plan import Plan
from ftspec.spec.column_path import top_column
from ftspec.spec.template import parse_template

_OF_RESULT = ("label", "labels", "text", "value")  # what is the prediction of a row


@dataclass(frozen=True)
class UnansweredRows:
    """Rows whose references are not there.

    Attributes:
        split: the split or set; ``None`` for a file.
        plan: that of the run, with the template and the transforms of these rows.
        rows: as the source gives them.
        missing: the columns that would have the references; none if the template names none.
    """

    split: str | None
    plan: Plan
    rows: datasets.Dataset
    missing: tuple[str, ...]

    @property
    def missed(self) -> str:
        """Which columns are missing, and which are there."""
        if not self.missing:
            return f'the template of the set "{self.split}" has no references'
        columns = " and no column ".join(f'"{name}"' for name in self.missing)
        known = ", ".join(f'"{name}"' for name in columns_of(self.rows))
        return f"the rows have no column {columns}; they have {known}"


def missing_references(plan: Plan, columns: Collection[str]) -> tuple[str, ...]:
    """The columns of the references, if rows with these ``columns`` have none of them, and none
    that may be meant: a column of a similar name, or with the name of the field that it fills.

    Args:
        plan: with the template of the rows.
        columns: of the rows; nested ones with dots.
    """
    answers = {field.name for field in plan.task.component.fields if field.is_answer}
    templates = {name: parse_template(text) for name, text in plan.template.items()}
    wanted = _columns_of(templates, answers)
    read = set(_columns_of(templates, templates.keys() - answers))
    tops = {name.partition(".")[0] for name in columns}
    if any(top_column(one, tops) is not None for one in wanted):
        return ()
    others = {*columns, *tops} - read - {top_column(one, tops) for one in read}
    if any(nearest(one, others) is not None for one in (*wanted, *(answers & templates.keys()))):
        return ()
    return wanted


def _columns_of(templates: Mapping[str, Any], names: Collection[str]) -> tuple[str, ...]:
    found = (column for name in templates if name in names for column in templates[name].columns)
    return tuple(dict.fromkeys(found))


def predicted_columns(
    unanswered: UnansweredRows, trained: TrainedModel, note: Note
) -> dict[str, Sequence[Any]]:
    """The inputs of the rows, and what the model predicts, as ``ftspec predict`` does.

    Raises:
        RunError: the rows do not have the inputs.
    """
    plan, rows = unanswered.plan, unanswered.rows
    predictor = Predictor(plan, trained, note)
    results = list(predictor.predict(cast(Any, rows), are_of_file=True))
    found: dict[str, Sequence[Any]] = {}
    for name, text in _input_templates(plan, rows).items():
        fields = render_fields(rows, {name: text})
        found[name] = cast(Sequence[Any], fields[name])
    return found | _in_columns(results, found)


def _input_templates(plan: Plan, rows: datasets.Dataset) -> dict[str, str]:
    """The templates of the inputs that rows have the columns of."""
    return {
        name: plan.template[name]
        for name in plan.task.component.inputs
        if name in plan.template
        and all(
            top_column(column, rows.column_names)
            for column in parse_template(plan.template[name]).needed_columns
        )
    }


def _in_columns(
    results: Sequence[Mapping[str, Any]], taken: Collection[str]
) -> dict[str, Sequence[Any]]:
    """The results by column. The one that is the prediction has that name, as in other
    evaluations."""
    names = list(dict.fromkeys(name for one in results for name in one))
    main = next((name for name in _OF_RESULT if name in names), names[0] if names else None)
    called = {name: f"predicted_{name}" if name in taken else name for name in names}
    if main is not None:
        called[main] = "prediction"
    return {called[name]: [one.get(name) for one in results] for name in names}
