"""The history of the task's runs: a file next to the run directories, with settings and results."""

from __future__ import annotations

import json

from ftspec.api import Plan, RunDirectory

NAME = "history.jsonl"


def add_line(plan: Plan, run_dir: RunDirectory, event: str) -> None:
    """Append an event to the history."""
    line = {"run": run_dir.path.name, "event": event, "training": dict(plan.training)}
    if event == "finished":
        line["metrics"] = run_dir.read_json("metrics.json")
    with (run_dir.path.parent / NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
