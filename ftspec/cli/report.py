"""``ftspec report``: the page of a run, made again from its files."""

from __future__ import annotations

from pathlib import Path

import click

from ftspec.cli.runs.rm import require_run
from ftspec.cli.terminal.page_file import write_page
from ftspec.report.run_page import REPORT, render_run


@click.command("report")
@click.argument("run_dir", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of the page. The default is report.html in RUN_DIR.",
)
def report_command(run_dir: Path, output: Path | None) -> None:
    """Make the page of a run again.

    Reads the files in RUN_DIR, of a run that ended or still goes on, with its newest evaluations.
    Needs neither the model nor torch.
    """
    page = render_run(require_run(run_dir))
    file = output if output is not None else run_dir / REPORT
    write_page(file, page)
