"""``ftspec runs show``: one run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from ftspec.cache import size_of
from ftspec.cli.runs.rm import require_run
from ftspec.cli.syntax.options import format_option
from ftspec.cli.terminal.columns import aligned
from ftspec.cli.terminal.output import echo_json, echo_result
from ftspec.diagnostics.model import printable
from ftspec.quantities import shown_size, shown_time
from ftspec.runs.summary import RunSummary, summary_of


@click.command("show")
@click.argument("run_dir", type=click.Path(file_okay=False, path_type=Path))
@format_option
def show_command(run_dir: Path, format_name: str) -> None:
    """Show how the run in RUN_DIR ended, its metrics, and what is in its folder."""
    run = summary_of(require_run(run_dir))
    parts = {
        path.name: size_of(path) if path.is_dir() else path.stat().st_size
        for path in sorted(run_dir.iterdir())
        if not path.name.startswith(".")
    }
    if format_name == "json":
        facts = {"path": str(run_dir), "name": run.name, "status": run.state}
        times = {"seconds": run.seconds, "error": run.run_dir.status().get("error")}
        echo_json({**facts, **times, "metrics": dict(run.metrics), "sizes": parts})
        return
    for line in _lines(run, parts):
        echo_result(line)


def _lines(run: RunSummary, parts: dict[str, int]) -> Iterator[str]:
    took = "" if run.seconds is None else f", {shown_time(run.seconds)}"
    yield f"{printable(run.name)}: {run.state}{took}"
    error = run.run_dir.status().get("error")
    if error:
        yield f"error: {printable(str(error))}"
    if run.metrics:
        yield ""
        rows = [(printable(name), f"{value:.4f}") for name, value in run.metrics.items()]
        yield from aligned(("metric", "value"), rows)
    yield ""
    sizes = [(printable(name), shown_size(size)) for name, size in parts.items()]
    yield from aligned(("file", "size"), sizes)
