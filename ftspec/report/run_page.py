"""The page of a run: what was trained on what, how good it is, how it learned, what it cost, and
what made it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ftspec.quantities import shown_amount, shown_duration
from ftspec.report.cost import cost_table, times_of
from ftspec.report.data_tables import data_tables
from ftspec.report.evaluation import EvaluationFacts
from ftspec.report.learning_curves import learning_curves
from ftspec.report.metric_table import group_tables, metric_table, of_the_model
from ftspec.report.numbers import is_number, shown_count, shown_metric
from ftspec.report.pages import render_page
from ftspec.report.run_files import RunFiles
from ftspec.report.sample_table import sample_table
from ftspec.report.spec_tables import spec_tables
from ftspec.report.tables import shortened
from ftspec.report.version_tables import version_tables
from ftspec.rundir import RunDirectory
from ftspec.runs.selection import main_metric

REPORT = "report.html"
_MOST_IN_FULL = 2  # evaluations; of the others the page has the metrics
_MOST_EVALUATIONS = 12
_MOST_ROWS = 10  # of an evaluation, of each kind
_LONGEST_FILE = 100_000  # characters of a file that is shown as it is
_SECTIONS = (
    ("data", "Trained on"),
    ("quality", "Quality"),
    ("curves", "Learning curves"),
    ("cost", "Cost"),
    ("spec", "Spec"),
    ("versions", "Versions"),
)


def render_run(run_dir: RunDirectory) -> str:
    """The page, from what the files of a run say.

    Raises:
        MissingExtraError: a package is not installed.
    """
    files = RunFiles(run_dir)
    evaluations = list(_evaluations(files))
    facts = [one.facts for one in evaluations]
    charts, charts_left_out = learning_curves(files.logged)
    lock = json.dumps(files.lock, indent=2, ensure_ascii=False) if files.lock else ""
    return render_page(
        "run",
        head=head_of(files),
        sections=_SECTIONS,
        figures=_figures(files, facts),
        data=data_tables(files),
        metrics=metric_table(files, facts),
        groups=group_tables(files),
        evaluations=evaluations,
        samples=sample_table(files),
        curves=charts,
        curves_left_out=charts_left_out,
        cost=cost_table(files),
        times=times_of(files),
        advice=list(_advice(files)),
        spec=spec_tables(files),
        written=shortened(files.text_in("spec.yaml"), _LONGEST_FILE),
        versions=version_tables(files),
        lock=shortened(lock, _LONGEST_FILE),
    )


@dataclass(frozen=True)
class _ShownEvaluation:
    """An evaluation on the page of its run."""

    name: str
    facts: EvaluationFacts
    about: str
    link: str
    is_short: bool
    is_in_metrics: bool


def _evaluations(files: RunFiles) -> Iterator[_ShownEvaluation]:
    for number, folder in enumerate(files.evaluations()[:_MOST_EVALUATIONS]):
        facts = EvaluationFacts(folder, folder.name, _MOST_ROWS)
        has_page = (folder / REPORT).is_file()
        is_short = number >= _MOST_IN_FULL
        yield _ShownEvaluation(
            name=folder.name,
            facts=facts,
            about=facts.about,
            link=f"evaluations/{quote(folder.name)}/{REPORT}" if has_page else "",
            is_short=is_short,
            is_in_metrics=of_the_model(facts) is not None and not is_short,
        )


def head_of(files: RunFiles) -> Mapping[str, Any]:
    """What a run is, in a few words."""
    summary = files.summary
    values = summary.values
    facts = [values.get("task.type"), values.get("model.checkpoint") or "a new model"]
    if summary.started is not None:
        facts.append(f"{summary.started:%Y-%m-%d %H:%M} UTC")
    if summary.seconds is not None:
        facts.append(shown_duration(summary.seconds))
    return {
        "name": summary.name or files.run_dir.path.parent.name,
        "folder": files.run_dir.path.name,
        "description": values.get("description"),
        "state": summary.state,
        "task": values.get("task.type") or "",
        "model": values.get("model.checkpoint") or "",
        "facts": [str(one) for one in facts if one],
    }


def _figures(files: RunFiles, evaluations: list[EvaluationFacts]) -> list[tuple[str, str, str]]:
    """The numbers that a reader looks for first: name, value, and what else is said of it."""
    found = list(_main_metrics(files, evaluations))
    rows = files.lock.get("splits", {})
    rows = rows.get("train", {}).get("rows") if isinstance(rows, dict) else None
    if is_number(rows):
        found.append(("training rows", shown_count(rows), ""))
    parameters = files.lock.get("parameters")
    if isinstance(parameters, dict) and is_number(parameters.get("total")):
        total, trained = parameters["total"], parameters.get("trained")
        more = shown_count(total) if total >= 1000 else ""
        if trained != total:
            more = f"{shown_count(trained)} of them trained"
        found.append(("parameters", shown_amount(total, "").strip(), more))
    if files.summary.seconds is not None:
        found.append(("time", shown_duration(files.summary.seconds), ""))
    return found


def _main_metrics(
    files: RunFiles, evaluations: list[EvaluationFacts]
) -> Iterator[tuple[str, str, str]]:
    """The main metric of the run, on test and on validation."""
    name = main_metric([files.summary])
    metric = name.partition("/")[2] if name else None
    for of_set in ("test", "validation"):
        value = files.metrics.get(of_set, {}).get(metric or "")
        if metric and is_number(value):
            found = next((one for one in evaluations if of_the_model(one) == of_set), None)
            interval = found.interval_of(metric) if found is not None else ""
            yield f"{of_set} {metric}", shown_metric(value), interval


def _advice(files: RunFiles) -> Iterator[tuple[str, str]]:
    advice = files.performance.get("advice")
    for one in advice if isinstance(advice, list) else ():
        if isinstance(one, dict):
            yield str(one.get("key", "")), str(one.get("text", ""))
