"""``ftspec compare``: which of two or more runs is better, and whether that is more than chance."""

from __future__ import annotations

from pathlib import Path

import click

from ftspec.cli.inputs.run_plan import plan_of
from ftspec.cli.launch.engine_imports import engine_imports, require_engine
from ftspec.cli.terminal.comparison_result import comparison_lines
from ftspec.cli.terminal.output import echo_json, echo_result
from ftspec.cli.terminal.page_file import write_page
from ftspec.cli.terminal.run_errors import run_errors_shown
from ftspec.errors import UsageError
from ftspec.report.comparison_page import render_comparison
from ftspec.rundir import RunDirectory
from ftspec.runs.summary import summary_of


@click.command("compare")
@click.argument(
    "run_dirs",
    metavar="RUN_DIR OTHER...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    show_default=True,
    help="The output format: text for people, json for programs, html for a page.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of the page. Only with --format html, which needs it.",
)
def compare_command(run_dirs: tuple[Path, ...], format_name: str, output: Path | None) -> None:
    """Compare runs: specs, data, metrics, cost, seeds, rows.

    Runs whose specs differ in the seed only count as one, and Welch's t-test says whether specs
    differ by more than their seeds. Where RUN_DIR and an OTHER have an evaluation of the same name
    on the same rows (see ftspec evaluate), a paired test says whether that is more than chance.
    """
    if len(run_dirs) < 2:
        raise UsageError("expected two or more run directories")
    if len({path.resolve() for path in run_dirs}) < len(run_dirs):
        raise UsageError("a run directory is named twice")
    if (format_name == "html") != (output is not None):
        raise UsageError("--format html and --output FILE need each other")
    runs = [RunDirectory(path) for path in run_dirs]
    for run in runs:
        if not run.resolved_spec.is_file():
            raise UsageError(f'"{run.path}" is not a run directory')
    plans = [plan_of(run) for run in runs]
    require_engine()
    with run_errors_shown(plans[0]):
        with engine_imports():
            from ftspec.engine.artifacts.comparison import compare_runs

        comparison = compare_runs(plans, [summary_of(run) for run in runs])
    if format_name == "json":
        echo_json(comparison.to_json())
        return
    if output is not None:
        write_page(output, render_comparison(comparison.runs, comparison.to_json()))
        return
    for line in comparison_lines(comparison):
        echo_result(line)
