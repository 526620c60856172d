"""The page of an evaluation: metrics, classes, curves, and the rows that went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ftspec.quantities import shown_duration
from ftspec.report.evaluation import EvaluationFacts
from ftspec.report.metric_table import of_the_model
from ftspec.report.numbers import is_number, shown_count, shown_metric
from ftspec.report.pages import render_page
from ftspec.report.run_files import RunFiles
from ftspec.report.run_page import head_of
from ftspec.report.tables import Column, Table
from ftspec.rundir import RunDirectory
from ftspec.runs.repeated_metrics import is_repeated

_MOST_FIGURES = 4


def render_evaluation(run_dir: RunDirectory, folder: Path, name: str) -> str:
    """The page, from the files of an evaluation.

    Args:
        run_dir: the run.
        folder: the files of the evaluation.
        name: of the evaluation.

    Raises:
        MissingExtraError: a package is not installed.
    """
    facts = EvaluationFacts(folder, name)
    return render_page(
        "evaluation",
        run=head_of(RunFiles(run_dir)),
        evaluation=facts,
        figures=list(_figures(facts)),
        about=_about(facts),
    )


def _figures(facts: EvaluationFacts) -> Iterator[tuple[str, str, str]]:
    metrics = facts.content.get("metrics")
    named = metrics if isinstance(metrics, dict) else {}
    shown = ((name, value) for name, value in named.items() if not is_repeated(name, named))
    ordered = sorted(shown, key=lambda one: one[0] == "loss")
    for name, value in ordered[:_MOST_FIGURES]:
        number = value.get("value") if isinstance(value, dict) else value
        yield name, shown_metric(number), facts.interval_of(name)
    yield "rows", shown_count(facts.content.get("rows")), ""


def _about(facts: EvaluationFacts) -> Table:
    content = facts.content
    rows = [
        ("set", of_the_model(facts) or content.get("split")),
        ("data of the spec", content.get("data")),
        ("file", content.get("file")),
        ("SHA-256 of the file", content.get("sha256")),
        ("checkpoint", content.get("checkpoint")),
    ]
    seconds = content.get("seconds")
    if is_number(seconds):
        rows.append(("time of the model", shown_duration(seconds)))
    shown = [(what, str(value)) for what, value in rows if value]
    return Table("This evaluation", (Column("what"), Column("which")), shown)
