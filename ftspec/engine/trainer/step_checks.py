"""Whether the numbers of each step are numbers, known without waiting for the device."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from ftspec.protocols import ReadSteps, StepCheck

_MOST_UNREAD = 10_000


@dataclass(frozen=True)
class _Pending:
    """The answers of one step, which the device may not have computed yet."""

    step: int
    answers: torch.Tensor
    copied: torch.cuda.Event | None

    def is_ready(self) -> bool:
        return self.answers.device.type == "cpu" and (self.copied is None or self.copied.query())  # type: ignore[no-untyped-call]

    def read(self) -> StepCheck:
        if self.copied is not None:
            self.copied.synchronize()
        loss, gradient = self.answers.tolist()
        return StepCheck(step=self.step, has_loss=loss, has_gradient=gradient)


class StepChecks:
    """Collects the losses and the norms of gradients on the device.

    From CUDA the answers are copied in the background, and are there a step or two later. From
    other accelerators they are read one step late: what the device computes next does not wait.
    """

    def __init__(self) -> None:
        self._loss: torch.Tensor | None = None
        self._unread: list[deque[_Pending]] = []

    def reader(self) -> ReadSteps:
        """One more reader, which reads every step once."""
        unread: deque[_Pending] = deque(maxlen=_MOST_UNREAD)
        self._unread.append(unread)
        return partial(_read, unread)

    def begin(self) -> None:
        """Forget what was computed before training."""
        self._loss = None
        for unread in self._unread:
            unread.clear()

    def add_loss(self, loss: torch.Tensor) -> None:
        """Add the loss of a part of a step."""
        loss = loss.detach()
        self._loss = loss if self._loss is None else self._loss + loss

    def end_step(self, step: int, norm: Any, may_overflow: torch.Tensor | bool) -> None:
        """A step has all its losses, and its gradient this norm. ``may_overflow`` says that a
        scaler skips the step if the gradient is no number, and tries a smaller scale."""
        loss, self._loss = self._loss, None
        if loss is None or not self._unread:
            return
        if hasattr(norm, "full_tensor"):
            norm = norm.full_tensor()
        norm = torch.as_tensor(0.0 if norm is None else norm, device=loss.device)
        allowed = torch.as_tensor(may_overflow, device=loss.device)
        has_gradient = norm.isfinite().all() | allowed.all()
        answers = torch.stack([loss.isfinite().all(), has_gradient])
        pending = _send(step, answers)
        for unread in self._unread:
            unread.append(pending)


def _read(unread: deque[_Pending], *, wait: bool = False) -> Sequence[StepCheck]:
    """The steps since the last call whose answers are there. With ``wait`` all of them."""
    found = []
    while unread and (wait or unread[0].is_ready() or _is_late(unread)):
        found.append(unread.popleft().read())
    return found


def _is_late(pending: deque[_Pending]) -> bool:
    """Whether the oldest answers stay on the device, and a later step is already computed."""
    return len(pending) > 1 and pending[0].answers.device.type != "cpu"


def _send(step: int, answers: torch.Tensor) -> _Pending:
    if answers.device.type != "cuda":
        return _Pending(step, answers, None)
    there = torch.empty(answers.shape, dtype=answers.dtype, pin_memory=True)
    there.copy_(answers, non_blocking=True)
    copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
    copied.record()
    return _Pending(step, there, copied)
