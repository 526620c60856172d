"""What a resumed run must know to log what the run without a stop would have logged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelerate.utils import gather
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import ExportableState

from ftspec.engine.trainer.trainer import StepTrainer
from ftspec.rundir import RunDirectory


class LossSums(TrainerCallback, ExportableState):
    """Saves the losses since the last log, the losses of all steps, and how many rows of
    ``metrics.jsonl`` there were, with each checkpoint. The Trainer forgets all three."""

    def __init__(self, trainer: StepTrainer, run_dir: RunDirectory) -> None:
        self._trainer = trainer
        self._run_dir = run_dir
        self._mean: float | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Go on from the sums of the checkpoint."""
        callbacks: dict[str, Any] = state.stateful_callbacks or {}  # type: ignore[assignment]
        state.stateful_callbacks = callbacks  # type: ignore[assignment]
        saved = callbacks.setdefault(type(self).__name__, self._as_state({}))
        is_new = state.global_step == 0
        self._trainer.restore_losses({} if is_new else saved.get("attributes", {}))

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """With several processes, agree on the mean before only the first one saves it."""
        if self._trainer.accelerator.num_processes > 1 and (
            control.should_save or control.should_evaluate
        ):
            mean = gather(self._trainer.loss_since_log.reshape(1)).mean()
            self._mean = float(mean)

    on_epoch_end = on_step_end

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """The losses begin again at a log, which comes before the checkpoint of the same step."""
        if self._mean is not None and "loss" in (logs or {}):
            self._mean = 0.0

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        sums = self._trainer.loss_sums()
        if self._mean is not None:
            sums["since_log"], self._mean = self._mean, None
        return self._as_state({**sums, "rows": self._run_dir.count_metrics()})

    def _as_state(self, attributes: dict[str, Any]) -> dict[str, Any]:
        return {"args": {}, "attributes": attributes}


def rows_at(checkpoint: Path) -> int | None:
    """How many rows ``metrics.jsonl`` had when a checkpoint was saved, if it says so."""
    try:
        state = _state_of(checkpoint)
        saved: Mapping[str, Any] = state["stateful_callbacks"][LossSums.__name__]["attributes"]
        rows = saved["rows"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return rows if isinstance(rows, int) else None


def records_at(checkpoint: Path) -> list[Mapping[str, Any]]:
    """The rows that ``metrics.jsonl`` had when a checkpoint was saved; none if it does not say."""
    try:
        records: list[Mapping[str, Any]] = _state_of(checkpoint)["log_history"]
        in_order: list[Mapping[str, Any]] = [{"step": one["step"], **one} for one in records]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return in_order if len(in_order) == rows_at(checkpoint) else []


def _state_of(checkpoint: Path) -> Any:
    return json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
