"""The rows that a trained model is evaluated on: those of a split of its run, or of a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import datasets

from ftspec.components import SourceComponent
from ftspec.document.paths import SpecPath
from ftspec.engine.artifacts.saved_model import TrainedModel, restore_task
from ftspec.engine.components.factories import build
from ftspec.engine.data.columns import Rows, unknown_column
from ftspec.engine.data.encoding import encode_rows
from ftspec.engine.data.fields import render_fields
from ftspec.engine.data.loaded_rows import load_rows
from ftspec.engine.data.preparation import prepare
from ftspec.engine.data.source_splits import settle_splits
from ftspec.engine.model.checkpoint import Checkpoint
from ftspec.engine.model.earlier_run import locked_checkpoint
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.planning.used_columns import used_columns
from ftspec.protocols import Context, Source, Task
from ftspec.rundir import RunDirectory
from ftspec.spec.column_uses import ColumnUses
from ftspec.spec.data import Split, Splits

_AT = ("data", "splits")


@dataclass(frozen=True)
class Asked:
    """What to evaluate on.

    Attributes:
        split: of the run: train, validation or test.
        source: instead of a split, a source with the rows of one file.
        by: columns whose values are evaluated apart.
    """

    split: str | None
    source: PlannedComponent[SourceComponent] | None
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class EvaluatedRows:
    """Rows, ready for the model.

    Attributes:
        split: of the run; ``None`` for a file.
        task: knows the answers, as in training.
        encoded: model inputs.
        fields: from which they were encoded.
        groups: for each column of ``by`` its values, one for each of the fields.
    """

    split: str | None
    task: Task
    encoded: Rows
    fields: datasets.Dataset
    groups: dict[str, list[str]]


def read_rows(
    plan: Plan,
    run_dir: RunDirectory,
    trained: TrainedModel,
    asked: Asked,
    scratch: Path,
    log: RunLog,
) -> EvaluatedRows:
    """The rows as the run would have read them. New files are in ``scratch``.

    Raises:
        RunError: there is no such split, or the rows do not have the columns of the spec.
    """
    plan = settle_splits(plan, log)
    if asked.source is None:
        return _rows_of_split(plan, run_dir, asked, log)
    task = _task(plan, run_dir, trained, log)
    task.accepts_unknown_answers = True
    plan = replace(plan, source=asked.source)
    source = _source(plan, asked, log)
    name = source.split_names()[0]
    plan = replace(plan, splits=Splits(train=Split(slice=name), test=Split(slice=name)))
    rows = load_rows(plan, source, ["test"], log)["test"]
    fields = render_fields(rows, plan.template, scratch / "fields.arrow")
    encoded = encode_rows(fields, "test", task, scratch / "encoded.arrow")
    return EvaluatedRows(None, task, encoded, _whole(fields), _groups(rows, asked.by))


def _rows_of_split(plan: Plan, run_dir: RunDirectory, asked: Asked, log: RunLog) -> EvaluatedRows:
    name = asked.split or ("test" if plan.splits.test is not None else "validation")
    if name not in plan.splits.named():
        known = ", ".join(f'"{one}"' for one in plan.splits.named())
        raise RunError(
            f"the run has no {name} split; it has {known}",
            slug="unknown-split",
            at=_AT,
            helps=("evaluate another split: --split NAME, or a file: --file FILE",),
        )
    data = prepare(plan, _checkpoint(plan, run_dir), log)
    groups = {}
    if asked.by:
        rows = load_rows(plan, _source(plan, asked, log), [name], log)[name]
        groups = _groups(rows, asked.by)
    return EvaluatedRows(name, data.task, data.encoded[name], _whole(data.fields[name]), groups)


def _task(plan: Plan, run_dir: RunDirectory, trained: TrainedModel, log: RunLog) -> Task:
    """The task, which knows how the training rows write their answers. Without these rows, answers
    are names."""
    try:
        return prepare(plan, _checkpoint(plan, run_dir), log).task
    except RunError as error:
        log.note(f"the training rows are not there ({error.headline}): labels are read as names")
        return restore_task(plan, trained, log.note)


def _checkpoint(plan: Plan, run_dir: RunDirectory) -> Checkpoint | None:
    return None if plan.model.checkpoint is None else locked_checkpoint(plan, run_dir)


def _source(plan: Plan, asked: Asked, log: RunLog) -> Source:
    """The source of a plan, which also reads the columns of ``by``."""
    uses = used_columns(plan)
    columns = ColumnUses((*uses.named, *((name, "text") for name in asked.by)), uses.others)

    def make_context(planned: PlannedComponent, children: dict[SpecPath, Any]) -> Context:
        return Context(
            section=planned.at, seed=plan.seed, note=log.note, children=children, columns=columns
        )

    return cast(Source, build(plan.source, make_context))


def _groups(rows: Rows, by: tuple[str, ...]) -> dict[str, list[str]]:
    for name in by:
        if name not in (rows.column_names or ()):
            raise unknown_column(name, rows, ())
    return {name: [str(value) for value in _whole(rows)[name]] for name in by}


def _whole(rows: Rows) -> datasets.Dataset:
    """Rows that are all there.

    Raises:
        RunError: they are a stream.
    """
    if isinstance(rows, datasets.Dataset):
        return rows
    raise RunError(
        "a stream cannot be evaluated after a run",
        slug="stream-not-evaluated",
        at=("data", "source", "streaming"),
        helps=("write its rows to a file, and pass it: --file FILE",),
    )
