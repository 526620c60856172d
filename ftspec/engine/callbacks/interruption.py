"""Ctrl-C and termination: a run ends with a checkpoint."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import torch
from accelerate.utils import gather
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.engine.progress.run_log import RunLog


@contextmanager
def termination_as_interrupt(once: bool = False) -> Iterator[None]:
    """Within this context SIGTERM, which clusters send before they kill, does what Ctrl-C does.
    With ``once`` all signals after the first are ignored: launchers send them to every process, and
    users to the launcher."""
    is_sent = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal is_sent
        if is_sent and once:
            return
        is_sent = True
        raise KeyboardInterrupt

    if not _handles_signals():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT) if once else (signal.SIGTERM,)
    previous = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, previous, strict=True):
            signal.signal(number, handler)


class Interruption(TrainerCallback):
    """Ctrl-C ends the run after the current step, with a checkpoint; a second Ctrl-C ends it at
    once. Several processes end after the same step, whichever got the signal; there a second signal
    comes from the launcher."""

    def __init__(self, log: RunLog, processes: int = 1) -> None:
        self._log = log
        self._processes = processes
        self._previous: dict[int, Any] = {}
        self.requested = False

    def __enter__(self) -> Interruption:
        if _handles_signals():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._request)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self._processes > 1:
            self.requested = True
            return
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        with suppress(RuntimeError):  # the signal came in the middle of another message
            self._log.note(
                "stopping after this step, with a checkpoint; Ctrl-C again stops at once"
            )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Save and stop if requested. A log or an evaluation that is due at this step still comes:
        a resumed run would skip it. One that is not due would not be in the run without a stop."""
        if self._processes > 1:
            self._agree(args.device)
        if self.requested:
            control.should_save = True
            control.should_training_stop = True

    def _agree(self, device: torch.device) -> None:
        """Stop if any process got a signal: the others would wait for it for ever."""
        requested = gather(torch.tensor([self.requested], device=device, dtype=torch.int32))
        self.requested = bool(requested.any())
        if self.requested:
            self._log.note("stopping after this step, with a checkpoint")

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """The Trainer treats a stop as the end of an epoch, and does all that is due then."""
        if not self.requested:
            return
        if float(state.epoch or 0).is_integer():
            control.should_save = True  # again, since an evaluation comes in between
        else:
            control.should_log = control.should_evaluate = control.should_save = False


def _handles_signals() -> bool:
    """In Python only the main thread handles signals."""
    return threading.current_thread() is threading.main_thread()
