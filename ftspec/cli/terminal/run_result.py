"""The last lines of a finished run: its metrics, where its files are, and how to use the model."""

from __future__ import annotations

from pathlib import Path

from ftspec.cli.terminal.groups import groups_shown
from ftspec.cli.terminal.output import shell_command
from ftspec.engine.progress.outcome import Outcome
from ftspec.planning.plan import Plan


def run_result(outcome: Outcome, plan: Plan) -> str:
    """A table of metrics for each split, then paths and commands."""
    lines = [""]
    width = max(len(name) for results in outcome.metrics.values() for name in results)
    for split, results in outcome.metrics.items():
        for name, value in results.items():
            lines.append(f"{split:<12}{name.ljust(width)}  {value:.4f}")
            split = ""
    for split, groups in outcome.groups.items():
        lines += groups_shown(groups, split)
    path = outcome.run_dir.path
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    lines += [
        "",
        f"model        {shown / 'model'}",
        f"report       {shown / 'report.html'}",
        f"tensorboard  {shell_command('tensorboard', '--logdir', str(shown / 'tensorboard'))}",
        f"predict      {shell_command('ftspec', 'predict', str(shown), *_example_input(plan))}",
    ]
    return "\n".join(lines)


def _example_input(plan: Plan) -> list[str]:
    columns = plan.input_columns
    if len(columns) == 1:
        return ["some text"]
    return [word for name in columns for word in ("--column", f"{name}=some text")]
