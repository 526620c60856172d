"""TensorBoard as a callback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import TrainerControl, TrainerState, TrainingArguments
from transformers.integrations import TensorBoardCallback

from ftspec.markdown import fenced
from ftspec.rundir import RunDirectory


class TensorBoard(TensorBoardCallback):
    """Writes TensorBoard's files to the run directory, with the spec instead of all arguments, and
    with the hyperparameters that its HPARAMS page compares.

    They are opened when there is something to write, after the first step.
    """

    def __init__(
        self, run_dir: RunDirectory, hyperparameters: Mapping[str, bool | int | float | str]
    ) -> None:
        # not the base's: it imports the writer's library at once
        self.tb_writer = None
        self.logging_dir = str(run_dir.tensorboard)
        self._spec = run_dir.resolved_spec.read_text(encoding="utf-8")
        self._hyperparameters = dict(hyperparameters)
        self._purge_step: int | None = None
        self._has_spec = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Hide the steps that a resumed run makes again."""
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
        # not before the first step
        from torch.utils.tensorboard import SummaryWriter
        from torch.utils.tensorboard.summary import hparams

        self.tb_writer = SummaryWriter(log_dir=self.logging_dir, purge_step=self._purge_step)
        self._purge_step = None  # training closes its writer, evaluation opens another
        if not self._has_spec:
            self._has_spec = True
            self.tb_writer.add_text("spec", fenced(self._spec, "yaml"))
            # Only the start of the session: with the summary of an experiment, which add_hparams
            # writes too, TensorBoard would show the hyperparameters of the first run only.
            _, started, _ = hparams(self._hyperparameters, {})  # type: ignore[no-untyped-call]
            self.tb_writer.file_writer.add_summary(started)
