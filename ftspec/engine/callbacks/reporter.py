"""What the Trainer logs, to whoever watches, to ``metrics.jsonl`` and to TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.integrations.integration_utils import TensorBoardCallback

from ftspec.engine.progress.run_log import RunLog
from ftspec.rundir import RunDirectory

SPLIT_OF_PREFIX = {"eval": "validation", "test": "test"}
_TIMINGS = ("_runtime", "_per_second", "_preparation_time", "epoch", "total_flos")


class Reporter(TrainerCallback):
    """Reports steps, logs and evaluations."""

    def __init__(self, log: RunLog, run_dir: RunDirectory) -> None:
        self._log = log
        self._run_dir = run_dir
        self._latest: dict[str, float] = {}

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Tell how far it is."""
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
        """Keep the numbers; those of an evaluation go to the table."""
        if not state.is_world_process_zero or not logs:
            return
        self._run_dir.append_metrics({"step": state.global_step, **logs})
        prefix = next((known for known in SPLIT_OF_PREFIX if f"{known}_loss" in logs), None)
        if prefix is not None:
            self._log.evaluated(
                SPLIT_OF_PREFIX[prefix], bare_metrics(logs, prefix), state.global_step
            )
        elif "loss" in logs:
            self._latest = {name: logs[name] for name in ("loss", "learning_rate") if name in logs}
            self._log.logged(state.global_step, logs)


class TensorBoard(TensorBoardCallback):
    """TensorBoard's files in the run directory, with the spec in place of every raw argument.

    They are opened when there is something to write, after the first step.
    """

    def __init__(self, run_dir: RunDirectory) -> None:
        # without the writer's library, which the base would import now
        self.tb_writer = None
        self.logging_dir = str(run_dir.tensorboard)
        self._spec = run_dir.resolved_spec.read_text(encoding="utf-8")
        self._purge_step: int | None = None
        self._has_spec = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """In a run resumed, steps that will be made again are hidden."""
        self._purge_step = state.global_step + 1 if state.global_step > 0 else None

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Write the numbers."""
        if state.is_world_process_zero and self.tb_writer is None:
            self._open()
        super().on_log(args, state, control, logs=logs, **kwargs)  # type: ignore[no-untyped-call]

    def _open(self) -> None:
        from torch.utils.tensorboard import SummaryWriter  # not before the first step

        self.tb_writer = SummaryWriter(log_dir=self.logging_dir, purge_step=self._purge_step)
        self._purge_step = None  # training closes its writer, and evaluation opens another
        if not self._has_spec:
            self._has_spec = True
            self.tb_writer.add_text("spec", f"```yaml\n{self._spec}\n```")


def bare_metrics(logs: Mapping[str, float], prefix: str) -> dict[str, float]:
    """The metrics of an evaluation without prefix and without timings."""
    return {
        name.removeprefix(f"{prefix}_"): value
        for name, value in logs.items()
        if name.startswith(f"{prefix}_") and not name.endswith(_TIMINGS)
    }
