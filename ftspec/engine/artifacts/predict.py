"""Predicts with a trained model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch

from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.engine.artifacts.prediction_trial import Together, rows_together
from ftspec.engine.artifacts.saved_model import TrainedModel, load_trained, restore_task
from ftspec.engine.batching.evaluation_order import batch_by_length, batch_equal_lengths
from ftspec.engine.batching.out_of_memory import free_memory, is_out_of_memory, row_too_large
from ftspec.engine.batching.split_by_length import LengthTable, order_by_length
from ftspec.engine.data.fields import not_text
from ftspec.engine.data.task import lengths_of
from ftspec.engine.patches.quiet_libraries import quiet_libraries
from ftspec.engine.patches.reliable_hub import reliable_hub
from ftspec.engine.progress.run_log import Note, Watcher, drop_note
from ftspec.engine.trainer.module_state import unchanged
from ftspec.errors import RunError, in_one_line
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory
from ftspec.spec.column_path import JSON, MissingColumnError, NotTextError, top_column
from ftspec.spec.template import parse_template
from ftspec.texts import checked_texts

_BATCHES_OF_WINDOW = 8


class Predictor:
    """The task, the tokenizer and the model of a run, or of the checkpoint of a spec."""

    def __init__(
        self,
        plan: Plan,
        trained: TrainedModel,
        note: Note,
        generation: Mapping[str, Any] | None = None,
    ) -> None:
        self._template = {
            name: parse_template(text)
            for name, text in plan.template.items()
            if name in plan.task.component.inputs
        }
        self._columns = plan.input_columns
        fields = plan.task.component.fields
        self._texts = {field.name for field in fields if field.type == "text"}
        self._may_drop_rows = bool(plan.transforms)
        self._optional = {
            field.name for field in plan.task.component.fields if not field.is_needed_to_predict
        }
        self._task = restore_task(plan, trained, note)
        if generation and not self._task.generates:
            raise RunError(
                f'the task "{plan.task.type}" generates no text: it has no generation settings',
                slug="generation-settings",
                helps=("leave out --generate",),
            )
        self._task.generation = generation or {}
        self._tokenizer = trained.tokenizer
        self._note = note
        self._cap: int | None = None  # tokens; set where memory runs out
        self._together: Together | None = None  # found out with the first rows
        self._max_length = lengths_of(plan, trained.tokenizer, trained.config, drop_note).inputs
        self._model = self._task.wrap(trained.module).eval()
        if torch.cuda.is_available():
            self._model = self._model.to("cuda")

    def render(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """From a row of data to the inputs of the task, by the templates of the spec. An optional
        input is left out if the row has none of its columns.

        Raises:
            RunError: the row does not have the columns that the templates name, or a text would
                contain a list.
        """
        inputs = {}
        for name, template in self._template.items():
            tops = {top_column(column, row) for column in template.columns}
            is_given = any(top and row[top] is not None for top in tops)
            if name in self._optional and not is_given:
                continue
            try:
                inputs[name] = template.render(row)
            except MissingColumnError as error:
                raise RunError(
                    f'the input has no column "{error.column}"',
                    slug="unknown-column",
                    helps=("it has " + ", ".join(f'"{column}"' for column in row),),
                ) from None
            except NotTextError as error:
                raise not_text(error, name) from None
        return inputs

    def _inputs(self, row: Mapping[str, Any], number: int, *, is_numbered: bool) -> dict[str, Any]:
        """The inputs of a row, whose texts are texts. A spec with transforms may have trained
        without the rows that have no text: here they are empty texts.

        Raises:
            RunError: a text is something else.
        """
        try:
            inputs = self.render(row)
            for name in self._texts & inputs.keys():
                if inputs[name] is None and self._may_drop_rows:
                    inputs[name] = ""
                    self._note(f'row {number:,} has no text for "{name}": it counts as empty')
                checked_texts([inputs[name]], name)
        except RunError as error:
            if not is_numbered:
                raise
            headline = f"{error.headline} (row {number:,})"
            raise RunError(headline, slug=error.slug, at=error.at, helps=error.helps) from error
        return inputs

    def from_text(self, text: str) -> dict[str, Any]:
        """From a text to a row with this text in the only column that the inputs need.

        Raises:
            RunError: the inputs need more than one column.
        """
        if len(self._columns) != 1:
            raise RunError(
                "this model reads several columns: "
                + ", ".join(f'"{name}"' for name in self._columns),
                slug="several-columns",
                helps=(
                    "pass each: " + " ".join(f'--column {name}="…"' for name in self._columns),
                    "or a file with these columns: --file rows.jsonl",
                ),
            )
        return self.from_columns({self._columns[0]: text})

    def from_columns(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """From values by column to a row; a dotted name is a nested column.

        Raises:
            RunError: the inputs do not read such a column.
        """
        known = {column for template in self._template.values() for column in template.columns}
        row: dict[str, Any] = {}
        for column, value in values.items():
            if column not in known:
                raise RunError(
                    f'this model does not read the column "{column}"',
                    slug="unknown-column",
                    helps=(*did_you_mean(column, known), one_of(sorted(known))),
                )
            if "[" in column or column.endswith(JSON):
                row[column] = value  # a path into a value, which is given itself
                continue
            *parents, name = column.split(".")
            inner = row
            for parent in parents:
                inner = inner.setdefault(parent, {})
            inner[name] = value
        return row

    def predict(
        self,
        rows: Iterable[Mapping[str, Any]],
        batch_size: int = 16,
        *,
        are_of_file: bool = False,
        first: int = 1,
    ) -> Iterator[dict[str, Any]]:
        """The result for each row, in order. Within a window of rows, rows of similar length are
        computed together: ``batch_size`` of the longest, and more of shorter ones. An error in a
        row of a file has its number, counted from ``first``."""
        remaining = enumerate(rows, start=first)
        while window := list(islice(remaining, batch_size * _BATCHES_OF_WINDOW)):
            fields = [self._inputs(row, number, is_numbered=are_of_file) for number, row in window]
            lengths = self._count_tokens(fields)
            results: dict[int, dict[str, Any]] = {}
            for batch in self._batches(fields, lengths, batch_size):
                given = self._predict([fields[row] for row in batch], lengths[batch])
                results |= zip(batch, given, strict=True)
            yield from (results[row] for row in range(len(fields)))

    def _batches(
        self, fields: Sequence[Mapping[str, Any]], lengths: LengthTable, batch_size: int
    ) -> list[list[int]]:
        """The rows that are computed together. The prediction of each is that of the row alone."""
        if self._together is None and len(fields) > 1:
            order = order_by_length(lengths)
            some = sorted({0, len(order) // 2, len(order) - 1})  # the middle may differ alone
            self._together = self._try_together([fields[order[at]] for at in some])
        if self._together == "equal lengths" and all(map(self._is_text, fields)):
            return batch_equal_lengths(lengths, batch_size)
        if self._together in ("equal lengths", "no others"):
            return [[row] for row in range(len(fields))]
        return batch_by_length(lengths, batch_size)

    def _is_text(self, row: Mapping[str, Any]) -> bool:
        """Whether the tokens of a row are counted exactly: a conversation has more than its
        texts."""
        values = (row.get(name) for name in self._template)
        return all(isinstance(value, str) or _is_words(value) for value in values)

    def _try_together(self, rows: Sequence[Mapping[str, Any]]) -> Together:
        try:
            with quiet_libraries(only_errors=True), torch.inference_mode():
                together = rows_together(self._task, self._model, rows)
        except (TypeError, ValueError) as error:
            if not self._task.generation:
                raise
            raise _refused_settings(error) from error
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return "no others"
        if together != "similar lengths":
            how = "rows of equal length" if together == "equal lengths" else "rows one by one"
            self._note(f"predicting {how}: in other batches this model gives other results")
        return together

    def _predict(
        self, rows: Sequence[Mapping[str, Any]], lengths: LengthTable
    ) -> list[dict[str, Any]]:
        """The results for rows, computed in halves if memory is too small for all of them.

        Raises:
            RunError: memory is too small for a single row.
        """
        tokens = len(rows) * int(lengths.sum(axis=1).max())
        if self._cap is None or tokens <= self._cap or len(rows) == 1:
            try:
                return self.predict_fields(rows)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
            free_memory()
            self._halve(len(rows), tokens)
        half = len(rows) // 2
        return self._predict(rows[:half], lengths[:half]) + self._predict(
            rows[half:], lengths[half:]
        )

    def _halve(self, rows: int, tokens: int) -> None:
        if rows == 1:
            raise row_too_large(tokens)
        if self._cap is None:
            self._note(
                f"out of memory at a batch of {rows} rows and {tokens:,} tokens: computing batches "
                'of this size in parts, from now on; a smaller "--batch-size" avoids this'
            )
        self._cap = tokens // 2

    def predict_fields(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The result for each row of a rendered batch."""
        # some models change their attention for good when rows are short
        with (
            quiet_libraries(only_errors=True),
            torch.inference_mode(),
            unchanged(self._model),
        ):
            return self._generated(rows)

    def _generated(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The result for each row.

        Raises:
            RunError: generation refuses a setting of the command line.
        """
        try:
            return self._task.predict(self._model, rows)
        except (TypeError, ValueError) as error:
            if not self._task.generation:
                raise
            raise _refused_settings(error) from error

    def _count_tokens(self, rows: Sequence[Mapping[str, Any]]) -> LengthTable:
        """The number of tokens in each text of the rows, at most as many as the model reads, shape
        (rows, texts)."""
        counts = np.zeros((len(rows), len(self._template)), dtype=np.int64)
        for at, name in enumerate(self._template):
            texts = [_text_of(row.get(name)) for row in rows]
            encoded = self._tokenizer(texts, verbose=False)["input_ids"]
            counts[:, at] = [min(len(ids), self._max_length) for ids in encoded]
        return counts

    def show(self, result: Mapping[str, Any]) -> str:
        """A result as a line of text, for people."""
        return self._task.show(result)


def open_predictor(
    plan: Plan,
    run_dir: RunDirectory,
    watcher: Watcher,
    generation: Mapping[str, Any] | None = None,
) -> Predictor:
    """The predictor of a finished run. The notes of loading go to ``watcher``.

    Raises:
        RunError: the run has no model, or has settings of ``generation`` and does not generate.
    """
    note = watcher.note
    with quiet_libraries(only_errors=True), reliable_hub(note):
        return Predictor(plan, load_trained(plan, run_dir, note), note, generation)


def _refused_settings(error: Exception) -> RunError:
    return RunError(
        f"generation does not take these settings: {in_one_line(error)}",
        slug="generation-settings",
        helps=("change the values of --generate",),
    )


def _text_of(value: Any) -> str:
    """What is counted of a field: its text, or the words of a list."""
    if isinstance(value, str):
        return value
    if _is_words(value):
        return " ".join(value)
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
