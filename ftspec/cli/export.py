"""``ftspec export``: the model of a run as a plain folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ftspec.cli.inputs.run_plan import plan_of
from ftspec.cli.launch.engine_imports import engine_imports, require_engine
from ftspec.cli.terminal.output import echo
from ftspec.cli.terminal.run_errors import run_errors_shown
from ftspec.cli.terminal.watchers import PlainWatcher
from ftspec.engine.artifacts.export import copy_model, export
from ftspec.engine.hub.connection import Connection
from ftspec.engine.run.opening import require_model
from ftspec.errors import UsageError
from ftspec.rundir import RunDirectory


@click.command("export")
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--merge", is_flag=True, help="Merge the adapter into the weights of its checkpoint.")
@click.option(
    "--dtype",
    type=click.Choice(["fp32", "bf16", "fp16"]),
    help="Store the weights in this dtype. By default, they are as the run stored them.",
)
def export_command(run_dir: Path, output: Path, merge: bool, dtype: str | None) -> None:
    """Export a trained model as a folder that transformers can load.

    Writes the model of RUN_DIR to the new folder OUTPUT, with its tokenizer and a model card. Load
    it with "from_pretrained"; ftspec is not needed. For a run with an adapter, the folder contains
    only the adapter, to load with peft. With --merge, it contains the whole model.
    """
    if output.exists():
        raise UsageError(f'"{output}" already exists; choose a new folder')
    run = RunDirectory(run_dir)
    plan = plan_of(run)
    if merge and plan.adapter is None:
        raise UsageError("the run trained without an adapter: there is nothing to merge")
    if dtype is not None and plan.adapter is not None and not merge:
        raise UsageError("the weights of an adapter stay as they are: --dtype needs --merge")
    with run_errors_shown(plan):
        require_model(run)
        write = partial(copy_model, run)
        if merge or dtype is not None:
            require_engine()
            connection = Connection(plan)
            with engine_imports():
                from ftspec.engine.artifacts.merge import write_in_dtype, write_merged

            connection.settle()
            if merge:
                write = partial(write_merged, plan, run, PlainWatcher(), dtype)
            elif dtype is not None:
                write = partial(write_in_dtype, plan, run, PlainWatcher(), dtype)
        export(plan, run, output, write)
    echo(f"model  {output}")
