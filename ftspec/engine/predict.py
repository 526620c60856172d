"""Uses the model of a finished run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from transformers.utils import logging as transformers_logging

from ftspec.components import TaskComponent
from ftspec.engine.progress import Note, Watcher, quiet_libraries
from ftspec.engine.trained import load_trained, restore_task
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory
from ftspec.spec.template import MissingColumnError, parse_template


class Predictor:
    """The task, the tokenizer and the model of a run."""

    def __init__(self, plan: Plan, run_dir: RunDirectory, note: Note) -> None:
        assert isinstance(plan.task.component, TaskComponent)
        self._template = {
            name: parse_template(text)
            for name, text in plan.template.items()
            if name in plan.task.component.inputs
        }
        self._optional = {
            field.name for field in plan.task.component.fields if not field.is_needed_to_predict
        }
        trained = load_trained(plan, run_dir, note)
        self._task = restore_task(plan, trained, note)
        self._model = self._task.wrap(trained.module).eval()
        if torch.cuda.is_available():
            self._model = self._model.to("cuda")

    def render(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of data to the inputs of the task, by the templates of the spec. An input that the
        task can do without is left out where the row has none of its columns.

        Raises:
            RunError: the row has not the columns that the templates name.
        """
        inputs = {}
        for name, template in self._template.items():
            columns = {column.partition(".")[0] for column in template.columns}
            if name in self._optional and not columns & row.keys():
                continue
            try:
                inputs[name] = template.render(row)
            except MissingColumnError as error:
                raise RunError(
                    f'the input has no column "{error.column}"',
                    slug="unknown-column",
                    helps=("it has " + ", ".join(f'"{column}"' for column in row),),
                ) from None
        return inputs

    def from_text(self, text: str) -> dict[str, Any]:
        """One text to the row it would have come from: every column that the inputs need holds it.

        Raises:
            RunError: the task reads more than one field, so that a bare text does not say enough.
        """
        columns = {
            column
            for name, template in self._template.items()
            if name not in self._optional
            for column in template.columns
        }
        if len(columns) != 1:
            raise RunError(
                "this model reads several columns: "
                + ", ".join(f'"{name}"' for name in sorted(columns)),
                slug="several-columns",
                helps=("pass a file with these columns: --file rows.jsonl",),
            )
        column = next(iter(columns))
        nested: Any = text
        for step in reversed(column.split(".")[1:]):
            nested = {step: nested}
        return {column.partition(".")[0]: nested}

    def predict(
        self, rows: Iterable[Mapping[str, Any]], batch_size: int = 16
    ) -> Iterator[dict[str, Any]]:
        """The result for each row, in order."""
        remaining = iter(rows)
        while batch := list(islice(remaining, batch_size)):
            yield from self.predict_fields([self.render(row) for row in batch])

    def predict_fields(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The result for each row of a batch that is rendered already."""
        with torch.inference_mode():
            return self._task.predict(self._model, rows)


def open_predictor(plan: Plan, run_dir: RunDirectory, watcher: Watcher) -> Predictor:
    """The predictor of a finished run; what loading says goes nowhere but to ``watcher``.

    Raises:
        RunError: the run has no model.
    """
    quiet_libraries()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    return Predictor(plan, run_dir, watcher.note)
