"""Shows predictions of the model at every evaluation, in TensorBoard, the log and the report."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import torch
from torch.utils.tensorboard import SummaryWriter
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.api import CallbackContext
from ftspec.builtin.callbacks.config import GeneratedSamplesConfig

_ANSWERS = ("text", "label", "labels", "value")  # the key with the prediction itself


class GeneratedSamples(TrainerCallback):
    """The predictions of the task for the first rows."""

    def __init__(self, config: GeneratedSamplesConfig, context: CallbackContext) -> None:
        self._task = context.task
        self._note = context.note
        self._mask = context.mask
        self._folder = context.run_dir / "tensorboard"
        self._file = context.run_dir / "samples.jsonl"
        self._inputs = context.inputs
        self._shown_at = -1  # several splits are evaluated at the last step
        self._rows = [dict(row) for row in islice(context.fields, config.count)]

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: Any = None,
        **kwargs: Any,
    ) -> None:
        """Predict and write the results. Training is not affected."""
        if not state.is_world_process_zero or state.global_step == self._shown_at:
            return
        self._shown_at = state.global_step
        inputs = [
            {name: value for name, value in row.items() if name in self._inputs}
            for row in self._rows
        ]
        was_training = model.training
        # sampling must not change the random numbers of training
        with torch.random.fork_rng(), torch.no_grad():
            model.eval()
            # one by one, since the result of a row may depend on its batch
            results = [result for row in inputs for result in self._task.predict(model, [row])]
        model.train(was_training)
        with SummaryWriter(log_dir=str(self._folder)) as writer:
            for index, (row, result) in enumerate(zip(self._rows, results, strict=True)):
                shown = {name: row[name] for name in row} | {"model": result}
                text = self._mask(json.dumps(shown, ensure_ascii=False, indent=2, default=str))
                writer.add_text(f"samples/{index}", f"```json\n{text}\n```", state.global_step)
                self._keep({"step": state.global_step, "index": index, "row": row, "model": result})
                answer = next((result[key] for key in _ANSWERS if key in result), result)
                self._note(f"sample {index} at step {state.global_step}: {answer}")

    def _keep(self, sample: dict[str, Any]) -> None:
        """Write a sample for the report."""
        text = self._mask(json.dumps(sample, ensure_ascii=False, default=str))
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(f"{text}\n")
