"""``ftspec export``: the model of a run as a plain folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ftspec.cli.heavy import engine_imports, require_engine
from ftspec.cli.output import echo
from ftspec.cli.runs import plan_of, show_and_exit
from ftspec.cli.watching import PlainWatcher
from ftspec.engine.artifacts.export import copy_model, export
from ftspec.engine.hub.connection import prepare_connection
from ftspec.engine.run.opening import require_model
from ftspec.errors import RunError, UsageError
from ftspec.rundir import RunDirectory


@click.command("export")
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option(
    "--merge", is_flag=True, help="Add the run's adapter to the weights of its checkpoint."
)
def export_command(run_dir: Path, output: Path, merge: bool) -> None:
    """Write the model in RUN_DIR to a new folder OUTPUT, with its tokenizer and a model card.

    The folder needs no ftspec: "from_pretrained" of transformers reads it. Of a run with an adapter
    it holds the adapter alone, for peft; with --merge it holds the whole model.
    """
    if output.exists():
        raise UsageError(f"{output} exists, and is not overwritten")
    run = RunDirectory(run_dir)
    plan = plan_of(run)
    if merge and plan.adapter is None:
        raise UsageError("the run trained without an adapter: there is nothing to merge")
    try:
        require_model(run)
        write = partial(copy_model, run)
        if merge:
            require_engine()
            prepare_connection(plan)
            with engine_imports():
                from ftspec.engine.artifacts.merge import write_merged

            write = partial(write_merged, plan, run, PlainWatcher())
        export(plan, run, output, write)
    except RunError as error:
        show_and_exit(error)
    echo(f"model  {output}")
