"""A run directory, as a Python program uses it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftspec.engine.hub.connection import Connection
from ftspec.engine.run.opening import require_model
from ftspec.errors import MissingExtraError, RunError, SpecError, UsageError
from ftspec.planning.plan import Plan
from ftspec.quantities import shown_time
from ftspec.registry.discover import build_registry
from ftspec.report.evaluation import EvaluationFacts
from ftspec.report.metric_table import metric_table
from ftspec.report.pages import render_page
from ftspec.report.run_files import RunFiles
from ftspec.rundir import RunDirectory
from ftspec.running.engine_imports import engine_imports, require_packages
from ftspec.running.failure_text import errors_explained
from ftspec.running.process_state import one_prediction_at_a_time, state_restored
from ftspec.running.quiet_watcher import QuietWatcher
from ftspec.running.run_plan import plan_of_run, require_run
from ftspec.running.spec_findings import spec_error
from ftspec.runs.summary import State, summary_of

if TYPE_CHECKING:
    from ftspec.engine.artifacts.predict import Predictor


class Run:
    """A run and its folder. :func:`ftspec.run` makes one, :func:`ftspec.load` finds one.

    Each value is read from the folder when it is asked for: of a run that another process has, it
    changes. In a notebook a run shows its final metrics as a table, with the intervals that
    ``ftspec evaluate`` has measured.
    """

    def __init__(self, path: Path, plan: Plan | None = None) -> None:
        self._run_dir = RunDirectory(path)
        self._plan = plan

    @property
    def path(self) -> Path:
        """The run directory."""
        return self._run_dir.path

    @property
    def status(self) -> State:
        """``finished``, ``failed`` or ``interrupted``; ``running`` while a process has the run,
        ``dead`` if none has it and it did not end, ``unreadable`` if its file is damaged."""
        return summary_of(self._run_dir).state

    @property
    def metrics(self) -> dict[str, float]:
        """The final metrics by ``SET/METRIC``, such as ``validation/f1``; empty before the end."""
        return dict(summary_of(self._run_dir).metrics)

    @cached_property
    def plan(self) -> Plan:
        """What the run does, with all defaults: ``plan.to_spec()`` is the resolved spec.

        Raises:
            SpecError: the resolved spec has errors, as where a plugin is gone.
            UsageError: the checkpoint reads an environment variable that is not set.
        """
        if self._plan is not None:
            return self._plan
        try:
            return plan_of_run(self._run_dir, build_registry())
        except SpecError as error:
            raise spec_error(error.diagnostics) from None

    def predict(
        self, rows: Iterable[Mapping[str, Any] | str], *, batch_size: int = 16
    ) -> list[dict[str, Any]]:
        """Predict with the trained model, which stays in memory for the next call.

        Args:
            rows: mappings with the columns of the spec, or texts for the only column that the
                model reads. The templates of the spec apply.
            batch_size: the number of rows that are computed at once.

        Returns:
            a mapping for each row, in order: what ``ftspec predict --format json`` prints.

        Raises:
            RunError: the run has no whole model, or a row lacks a column.
            UsageError: ``rows`` are no rows.
            MissingExtraError: the ``train`` extra is not installed.
        """
        if isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
            raise UsageError("rows are a list of mappings or of texts; write predict([row])")
        if batch_size < 1:
            raise UsageError(f"batch_size is {batch_size}; expected 1 or more")
        with self._predicting():
            predictor = self._predictor
            read = (self._row(one, number, predictor) for number, one in enumerate(rows, start=1))
            return list(predictor.predict(read, batch_size, are_of_file=True))

    @contextmanager
    def _predicting(self) -> Iterator[None]:
        require_packages()
        with one_prediction_at_a_time(), state_restored(), errors_explained(self.plan):
            yield

    @cached_property
    def _predictor(self) -> Predictor:
        require_model(self._run_dir)  # before the import of torch, which takes seconds
        connection = Connection(self.plan)
        try:
            with engine_imports(owns_process=False):
                from ftspec.engine.artifacts.predict import open_predictor

            connection.settle()
            return open_predictor(self.plan, self._run_dir, QuietWatcher())
        finally:
            connection.close()

    def _row(
        self, row: Mapping[str, Any] | str, number: int, predictor: Predictor
    ) -> Mapping[str, Any]:
        if isinstance(row, Mapping):
            return row
        if not isinstance(row, str):
            raise UsageError(f"row {number:,} is neither a mapping nor a text: {row!r}"[:200])
        columns = self.plan.input_columns
        if len(columns) != 1:
            raise RunError(
                "this model reads several columns: " + ", ".join(f'"{one}"' for one in columns),
                slug="several-columns",
                helps=("pass each row as a mapping with these columns",),
            )
        return predictor.from_text(row)

    def __reduce__(self) -> tuple[Any, ...]:
        """How the run goes to another process, which reads its folder."""
        return Run, (self.path,)

    def __repr__(self) -> str:
        return f"<ftspec run {str(self.path)!r}, {self.status}>"

    def _repr_html_(self) -> str | None:
        """For notebooks: the name, the status and the final metrics."""
        files = RunFiles(self._run_dir)
        summary = files.summary
        evaluations = [EvaluationFacts(one, one.name) for one in files.evaluations()]
        error = self._run_dir.status().get("error")
        try:
            return render_page(
                "run_in_notebook",
                name=summary.name,
                status=summary.state,
                took="" if summary.seconds is None else shown_time(summary.seconds),
                error=str(error) if error else "",
                metrics=metric_table(files, evaluations),
                path=str(self.path),
            )
        except MissingExtraError:  # without jinja2 it is shown as text
            return None


def load(run_dir: str | os.PathLike[str]) -> Run:
    """A run that was started before, here or by ``ftspec run``, from its folder.

    Raises:
        UsageError: the folder is not a run directory.
    """
    path = Path(run_dir).absolute()
    require_run(RunDirectory(path))
    return Run(path)
