"""A step of ftspec: its loss and its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import TrainerCallback

from ftspec.engine.run.compile import CompiledRun, compile_run
from ftspec.engine.run.session import open_session
from ftspec.engine.run.train import train_and_save
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory
from ftspec.testing.runs import Listener, new_run

_SAYS_PADDED = "batches are padded"
_SAYS_HOW = ("micro-batches are", "layers compute")
_SPLIT_OFTEN = 0
"""What a micro-batch costs, in tokens: steps are cut wherever that avoids padding."""

_TINY = 1e-12


class RefusedError(Exception):
    """ftspec does not begin this run, and says why."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A run after its only step, which changes no weight.

    Attributes:
        run: the compiled run.
        run_dir: its directory.
        loss: of the step.
        gradient: of all parameters, one after the other.
        validation_loss: what the run says, if it was evaluated.
        notes: what the run noted.
    """

    run: CompiledRun
    run_dir: RunDirectory
    loss: float
    gradient: torch.Tensor
    validation_loss: float | None
    notes: tuple[str, ...]

    @property
    def is_said_to_be_padded(self) -> bool:
        """Whether the run says that it pads batches as they were drawn."""
        return any(note.startswith(_SAYS_PADDED) for note in self.notes)

    @property
    def says(self) -> str:
        """The note about padding; empty if there is none."""
        starts = (_SAYS_PADDED, *_SAYS_HOW)
        return next((note for note in self.notes if note.startswith(starts)), "")

    def difference_to(self, other: Step) -> float:
        """How far loss and gradient are from those of another step, relative to these."""
        loss = abs(self.loss - other.loss) / max(abs(other.loss), _TINY)
        norm = max(float(other.gradient.norm()), _TINY)
        return max(loss, float((self.gradient - other.gradient).norm()) / norm)


def make_step(plan: Plan, *, is_finished: bool = False) -> Step:
    """Compile and train a run of one step; ``is_finished`` runs are evaluated and saved too.

    Raises:
        RefusedError: the plan does not fit the model.
    """
    run_dir, listener, recorder = new_run(plan), Listener(), _GradientRecorder()
    with open_session(plan, run_dir, listener) as log:
        try:
            run = compile_run(plan, run_dir, log, recorded_overhead=_SPLIT_OFTEN)
        except RunError as error:
            raise RefusedError(error.headline) from error
        run.trainer.add_callback(recorder)
        validation_loss = None
        if is_finished:
            metrics, _ = train_and_save(run, run_dir, log, resume=False)
            loss = metrics["train"]["loss"]
            if "loss" not in metrics["validation"]:
                raise ValueError("the evaluation gives no loss")
            validation_loss = metrics["validation"]["loss"]
        else:
            loss = run.trainer.train().training_loss
    assert recorder.gradient is not None
    return Step(
        run=run,
        run_dir=run_dir,
        loss=loss,
        gradient=recorder.gradient,
        validation_loss=validation_loss,
        notes=tuple(listener.notes),
    )


class _GradientRecorder(TrainerCallback):
    """Keeps the gradient of the last step, in double precision."""

    gradient: torch.Tensor | None = None

    def on_pre_optimizer_step(self, *events: Any, model: Any = None, **options: Any) -> None:
        """Copy it before it is applied."""
        self.gradient = torch.cat([_gradient_of(one) for one in model.parameters()])


def _gradient_of(parameter: torch.nn.Parameter) -> torch.Tensor:
    if parameter.grad is None:
        return torch.zeros(parameter.numel(), dtype=torch.float64)
    return parameter.grad.double().flatten()
