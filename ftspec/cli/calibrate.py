"""``ftspec calibrate``: make the scores of a classifier true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ftspec.calibration import CALIBRATION
from ftspec.cli.inputs.run_plan import plan_of
from ftspec.cli.launch.engine_imports import engine_imports, require_engine
from ftspec.cli.launch.processes import require_one_process
from ftspec.cli.terminal.columns import aligned
from ftspec.cli.terminal.output import echo_result
from ftspec.cli.terminal.run_errors import run_errors_shown
from ftspec.cli.terminal.watchers import make_watcher
from ftspec.diagnostics.model import printable
from ftspec.engine.hub.connection import Connection
from ftspec.engine.run.opening import owned_run, require_model
from ftspec.errors import UsageError
from ftspec.manifest import remove_files
from ftspec.rundir import RunDirectory

if TYPE_CHECKING:
    from ftspec.engine.artifacts.calibrate import Calibrated


@click.command("calibrate")
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--temperature",
    "fits_temperature",
    is_flag=True,
    help="Divide logits by the number with the smallest log loss. This is the default.",
)
@click.option(
    "--threshold-for",
    type=click.Choice(["f1", "accuracy", "matthews_correlation"]),
    help="Find the thresholds with the best value of this metric: of each label where rows have "
    "several, or of the second of two labels.",
)
@click.option("--reset", is_flag=True, help="Remove the calibration.")
def calibrate_command(
    run_dir: Path, fits_temperature: bool, threshold_for: str | None, reset: bool
) -> None:
    """Fit the scores of a classifier to validation rows.

    Keeps what it finds beside the model in RUN_DIR, whose weights stay as they are. From then on
    "ftspec predict", "evaluate" and "export" use it.
    """
    if reset and (fits_temperature or threshold_for is not None):
        raise UsageError("--reset works alone")
    require_one_process("ftspec calibrate")
    run = RunDirectory(run_dir)
    plan = plan_of(run)
    if reset:
        with run_errors_shown(plan):
            _reset(run)
        return
    require_engine()
    watcher = make_watcher()
    with run_errors_shown(plan, watcher=watcher):
        require_model(run)  # before the import of torch, which takes seconds
        connection = Connection(plan)
        with engine_imports():
            from ftspec.engine.artifacts.calibrate import calibrate_run

        connection.settle()
        calibrated = calibrate_run(
            plan,
            run,
            watcher,
            fits_temperature=fits_temperature or threshold_for is None,
            threshold_for=threshold_for,
        )
    watcher.close()
    echo_result("\n".join(_lines(calibrated, run.model / CALIBRATION)))


def _reset(run: RunDirectory) -> None:
    path = run.model / CALIBRATION
    if not path.is_file():
        raise UsageError(f'the model in "{run.model}" is not calibrated')
    with owned_run(run):
        remove_files(run.model, [CALIBRATION])
    echo_result(f"removed {path}")


def _lines(calibrated: Calibrated, path: Path) -> Iterator[str]:
    yield ""
    values = [
        (name, f"{before:.4f}", f"{calibrated.after[name]:.4f}")
        for name, before in calibrated.before.items()
    ]
    yield from aligned(("", "before", "after"), values)
    yield f"on the {calibrated.rows:,} validation rows that it was fitted to"
    yield ""
    yield f"temperature  {calibrated.calibration.temperature:.4f}"
    for name, threshold in calibrated.calibration.thresholds.items():
        yield (
            f'threshold of "{printable(name)}"  {threshold:.4f}, which wins against '
            f"{calibrated.defaults[name]:g} of the spec"
        )
    if not calibrated.calibration.thresholds and len(values) > 2:
        yield "no threshold is better than that of the spec"
    yield f"calibration  {path}"
