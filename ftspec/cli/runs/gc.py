"""``ftspec runs gc``: free the disk of weights that are not the best."""

from __future__ import annotations

from pathlib import Path

import click

from ftspec.cache import size_of
from ftspec.cli.runs.rm import remove_folders
from ftspec.cli.terminal.output import echo_result, may_remove
from ftspec.errors import UsageError
from ftspec.quantities import shown_size
from ftspec.runs.selection import matching, number_of, ordered
from ftspec.runs.summary import summaries_in


@click.command("gc")
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="runs"
)
@click.option(
    "--keep-best",
    "metric",
    required=True,
    metavar="METRIC",
    help="The metric that decides, such as validation/f1.",
)
@click.option(
    "--keep",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many runs of each name keep their weights.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def gc_command(folder: Path, metric: str, keep: int, yes: bool) -> None:
    """Remove models and checkpoints of finished runs that are not the best of their name.

    Specs, locks, metrics, logs, reports and evaluations stay. Runs that are not finished, or that
    have no such metric, stay as they are.
    """
    finished = matching(summaries_in(folder), ["status=finished"])
    known = [run for run in finished if number_of(run, metric) is not None]
    if not known:
        names = sorted({name for run in finished for name in run.metrics})
        raise UsageError(
            f'no finished run in "{folder}" has the metric "{metric}"; metrics are: '
            f"{', '.join(names) or 'none'}"
        )
    doomed: list[Path] = []
    for name in dict.fromkeys(run.name for run in known):
        best_first = ordered([run for run in known if run.name == name], metric)
        for run in best_first[keep:]:
            if run.run_dir.is_running():  # a resume saves a damaged model again
                continue
            parts = (run.run_dir.checkpoints, run.run_dir.model)
            doomed += [part for part in parts if part.is_dir()]
        echo_result(f"kept: {', '.join(str(run.run_dir.path) for run in best_first[:keep])}")
    if not doomed:
        echo_result("nothing to remove")
        return
    what = f"the weights in {len(doomed)} folders, {shown_size(sum(map(size_of, doomed)))}"
    if not may_remove(what, is_asked=not yes):
        return
    remove_folders(doomed)
    echo_result(f"removed {what}")
