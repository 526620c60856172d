"""The rows that a model is evaluated on: those of a split or a set of its run, of a file, or of the
data of another spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import datasets

from ftspec.components import SourceComponent
from ftspec.diagnostics.suggest import did_you_mean
from ftspec.engine.artifacts.saved_model import TrainedModel, restore_task
from ftspec.engine.artifacts.unanswered_rows import UnansweredRows, missing_references
from ftspec.engine.data.columns import Rows, columns_of
from ftspec.engine.data.encoding import encode_rows
from ftspec.engine.data.evaluation_sets import at_place_of, evaluating
from ftspec.engine.data.fields import render_fields
from ftspec.engine.data.loaded_rows import load_rows, load_set
from ftspec.engine.data.preparation import prepare
from ftspec.engine.data.row_groups import group_values, source_with
from ftspec.engine.data.source_splits import settle_splits
from ftspec.engine.data.stored_stream import store_rows
from ftspec.engine.model.checkpoint import Checkpoint, locate
from ftspec.engine.model.earlier_run import locked_checkpoint
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Task
from ftspec.rundir import RunDirectory
from ftspec.spec.data import Split, Splits

_AT = ("data", "splits")


@dataclass(frozen=True)
class Asked:
    """What to evaluate on.

    Attributes:
        split: train, validation, test or a set; by default test, or validation.
        source: instead of a split, a source with the rows of one file.
        by: columns whose values are evaluated apart; by default those of the set.
        other: another plan, whose data is read instead.
        needs_references: whether rows without references are an error.
    """

    split: str | None
    source: PlannedComponent[SourceComponent] | None
    by: tuple[str, ...] = ()
    other: Plan | None = None
    needs_references: bool = False


@dataclass(frozen=True)
class EvaluatedRows:
    """Rows, ready for the model.

    Attributes:
        split: the split or set; ``None`` for a file.
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
    run_dir: RunDirectory | None,
    trained: TrainedModel,
    asked: Asked,
    scratch: Path,
    log: RunLog,
) -> EvaluatedRows | UnansweredRows:
    """The rows as the run would have read them, encoded if there are references. New files are in
    ``scratch``.

    Args:
        plan: of the run.
        run_dir: the run; ``None`` for a checkpoint that was not trained here.
        trained: the model.
        asked: the rows.
        scratch: a folder for files.
        log: of the evaluation.

    Raises:
        RunError: there is no such split, or the rows do not have the columns of the spec.
    """
    plan = settle_splits(plan, log)
    if asked.source is not None:
        with_file = replace(plan, source=asked.source, evaluation={})
        names = source_with(with_file, asked.by, log.note).split_names()
        only = Split(slice=names[0])
        data = replace(with_file, splits=Splits(train=only, test=only), has_open_splits=False)
        split = "test"
    else:
        data = plan if asked.other is None else settle_splits(asked.other, log)
        split = _split_of(data, asked.split)
    if data is plan and split in plan.splits.named():
        known = _prepared(plan, run_dir, split, asked, log)
        if known is not None:
            return known
    with _named_as_asked(asked):
        return _read(plan, run_dir, trained, data, split, asked, scratch, log)


@contextmanager
def _named_as_asked(asked: Asked) -> Iterator[None]:
    """The rows of a file are read as a split; an error names the file."""
    try:
        yield
    except RunError as error:
        if asked.source is None:
            raise
        raise RunError(
            error.headline.replace("the test split", "the file"),
            slug=error.slug,
            at=error.at,
            helps=error.helps,
        ) from error


def _read(
    plan: Plan,
    run_dir: RunDirectory | None,
    trained: TrainedModel,
    data: Plan,
    split: str,
    asked: Asked,
    scratch: Path,
    log: RunLog,
) -> EvaluatedRows | UnansweredRows:
    """The rows of a split or set of ``data``, read for a model of ``plan``."""
    by = asked.by or (data.evaluation[split].by if split in data.evaluation else ())
    own, rows = _load(data, split, by, log, {} if asked.source is None else {split: "file"})
    rows = store_rows(rows, scratch / "rows.arrow")
    if len(rows) == 0:
        raise RunError(f"there are no rows to evaluate in {split}", slug="empty-split")
    name = None if asked.source is not None else split
    missing = missing_references(own, columns_of(rows))
    is_measured = split not in data.evaluation or data.is_measured(split)
    if missing or not is_measured:
        predicted = replace(plan, template=own.template, transforms=own.transforms)
        unanswered = UnansweredRows(name, predicted, rows, missing)
        if asked.needs_references:
            raise _without_references(unanswered)
        return unanswered
    with _saying_how_to_predict(plan, columns_of(rows)):
        fields = cast(datasets.Dataset, render_fields(rows, own.template, scratch / "fields.arrow"))
    task = evaluating(_task(plan, run_dir, trained, log))
    encoded = encode_rows(fields, split, task, scratch / "encoded.arrow")
    return EvaluatedRows(name, task, encoded, fields, group_values(rows, by))


@contextmanager
def _saying_how_to_predict(plan: Plan, columns: Sequence[str]) -> Iterator[None]:
    """The answer may have the name of its field, or the rows may have none: add help for both."""
    answers = {field.name for field in plan.task.component.fields if field.is_answer}
    try:
        yield
    except RunError as error:
        if error.slug != "unknown-column" or not answers & set(error.at):
            raise
        raise RunError(
            error.headline,
            slug="unknown-column",
            at=error.at,
            helps=(
                *error.helps,
                *(f'rename "{name}" if it has them' for name in columns if name in answers),
                "for predictions without references: ftspec predict RUN_DIR --file FILE",
            ),
        ) from error


def _without_references(rows: UnansweredRows) -> RunError:
    return RunError(
        rows.missed,
        slug="unknown-column",
        at=("preprocess", "template"),
        helps=("without references there are no metrics, only predictions",),
    )


def _split_of(plan: Plan, wanted: str | None) -> str:
    """The split or set to evaluate."""
    splits = plan.splits.named()
    name = wanted or ("test" if "test" in splits else "validation")
    if name in splits or name in plan.evaluation:
        return name
    known = ", ".join(f'"{one}"' for one in (*splits, *plan.evaluation))
    raise RunError(
        f"the run has no {name} split; it has {known}"
        if name in ("validation", "test")
        else f'the run has no split or set "{name}"; it has {known}',
        slug="unknown-split",
        at=_AT,
        helps=(
            *did_you_mean(name, (*splits, *plan.evaluation)),
            "evaluate another split: --split NAME, or a file: --file FILE",
        ),
    )


def _prepared(
    plan: Plan, run_dir: RunDirectory | None, split: str, asked: Asked, log: RunLog
) -> EvaluatedRows | None:
    """The rows of a split of the run, as it prepared them; ``None`` if they are a stream."""
    data = prepare(plan, _checkpoint(plan, run_dir), log)
    encoded, fields = data.encoded[split], data.fields[split]
    if not isinstance(encoded, datasets.Dataset) or not isinstance(fields, datasets.Dataset):
        return None
    groups = {}
    if asked.by:
        rows = load_rows(plan, source_with(plan, asked.by, log.note), [split], log)[split]
        groups = group_values(rows, asked.by)
    return EvaluatedRows(split, data.task, encoded, fields, groups)


def _load(
    data: Plan, split: str, by: tuple[str, ...], log: RunLog, called: Mapping[str, str]
) -> tuple[Plan, Rows]:
    """The rows of a split or a set, and the plan that says how they are rendered."""
    if split not in data.evaluation:
        source = source_with(data, by, log.note)
        return data, load_rows(data, source, [split], log, called)[split]
    planned, own = data.evaluation[split], data.of_set(split)
    with at_place_of(planned):
        return own, load_set(own, planned, source_with(own, by, log.note), log)


def _task(plan: Plan, run_dir: RunDirectory | None, trained: TrainedModel, log: RunLog) -> Task:
    """The task, which knows how the training rows write their answers. Without these rows, answers
    are names."""
    try:
        return prepare(plan, _checkpoint(plan, run_dir), log).task
    except RunError as error:
        log.note(f"the training rows are not there ({error.headline}): labels are read as names")
        return restore_task(plan, trained, log.note)


def _checkpoint(plan: Plan, run_dir: RunDirectory | None) -> Checkpoint | None:
    if plan.model.checkpoint is None:
        return None
    if run_dir is None:
        return locate(plan.model.checkpoint, plan.model.revision)
    return locked_checkpoint(plan, run_dir)
