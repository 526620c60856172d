"""Ctrl-C and termination: a run ends with what it has, and says how to go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.engine.progress import RunLog


@contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """While it lasts, SIGTERM, which clusters send before they kill, does what Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if not _handles_signals():
        yield
        return
    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


class Interruption(TrainerCallback):
    """Ctrl-C ends the run after the current step, with a checkpoint; a second one at once."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
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
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        with suppress(RuntimeError):  # it came in the middle of another message
            self._log.note(
                "stopping after this step, with a checkpoint; Ctrl-C again stops at once"
            )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Log, save and stop where asked to. What is evaluated at this step still is: a resumed run
        would never know."""
        if self.requested:
            control.should_log = True
            control.should_save = True
            control.should_training_stop = True

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """The Trainer takes a stop for the end of an epoch, with all that is due there."""
        if not self.requested:
            return
        if float(state.epoch or 0).is_integer():
            control.should_save = True  # again, since the evaluation due here comes in between
        else:
            control.should_log = control.should_evaluate = control.should_save = False


def _handles_signals() -> bool:
    """Python lets the main thread alone handle signals."""
    return threading.current_thread() is threading.main_thread()
