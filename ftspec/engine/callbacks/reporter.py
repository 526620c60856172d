"""What the Trainer logs, to the watcher of the run and to ``metrics.jsonl``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.trainer.logged_metrics import bare_metrics, metrics_of_set
from ftspec.rundir import RunDirectory

SPLIT_OF_PREFIX = {"eval": "validation", "test": "test"}


class Reporter(TrainerCallback):
    """Reports steps, logs and evaluations."""

    def __init__(self, log: RunLog, run_dir: RunDirectory, sets: Collection[str] = ()) -> None:
        self._log = log
        self._sets = sets
        self._run_dir = run_dir
        self._latest: dict[str, float] = {}

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Report the step."""
        if state.is_world_process_zero:
            self._log.step(state.global_step, state.max_steps, self._latest)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Write the numbers down. Those of an evaluation are reported too."""
        if not state.is_world_process_zero or not logs:
            return
        self._run_dir.append_metrics({"step": state.global_step, **logs})
        prefix = next((known for known in SPLIT_OF_PREFIX if f"{known}_loss" in logs), None)
        if prefix is not None:
            metrics = bare_metrics(logs, prefix, self._sets)
            self._log.evaluated(SPLIT_OF_PREFIX[prefix], metrics, state.global_step)
        for name in self._sets:
            of_set = metrics_of_set(logs, name)
            if of_set:
                self._log.evaluated(name, of_set, state.global_step)
        if prefix is None and "loss" in logs:
            self._latest = {name: logs[name] for name in ("loss", "learning_rate") if name in logs}
            self._log.logged(state.global_step, logs)
