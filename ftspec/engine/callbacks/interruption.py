"""Ctrl-C and termination: a run ends with a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Any

import torch
from accelerate.utils import gather
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.engine.progress.run_log import RunLog
from ftspec.stopping import (
    REQUEUE_SIGNALS,
    RequeueInterrupt,
    comes_twice,
    end_now,
    handling,
    interrupt_of,
)

_NOT, _STOP, _REQUEUE = 0, 1, 2


class Termination:
    """The signal that ends a run, outside of training."""

    def __init__(self, once: bool, ends_process: bool = True) -> None:
        self._once = once
        self._ends_process = ends_process
        self._interrupt: KeyboardInterrupt | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Do what Ctrl-C does."""
        if self._interrupt is not None and (self._once or comes_twice()):
            return
        if self._interrupt is not None and self._ends_process:
            # the run is ending: an exception may come out of a destructor
            end_now(number)
        self._interrupt = interrupt_of(number)
        raise self._interrupt

    @contextmanager
    def outlasting_errors(self) -> Iterator[None]:
        """Inside, an error that follows a signal is the signal: libraries that are interrupted in
        the middle may fail in turn."""
        try:
            yield
        except Exception:
            if not self._once:
                self.raise_if_lost()
            raise

    def raise_if_lost(self) -> None:
        """End the run if a signal should have ended it: Python drops what is raised while it
        finalizes an object.

        Raises:
            KeyboardInterrupt: there was a signal.
        """
        if self._interrupt is not None:
            raise self._interrupt


@contextmanager
def termination_as_interrupt(
    once: bool = False, ends_process: bool = True
) -> Iterator[Termination]:
    """Within this context SIGTERM, which clusters send before they kill, and the other signals that
    stop a run do what Ctrl-C does; a second one ends the process at once, if the process may be
    ended. With ``once`` all after the first are ignored: launchers send them to every process, and
    users to the launcher."""
    termination = Termination(once, ends_process)
    with handling(termination.handle, also_ctrl_c=True):
        yield termination


class Interruption(TrainerCallback):
    """Ctrl-C ends the run after the current step, with a checkpoint; a second Ctrl-C ends it at
    once. Several processes end after the same step, whichever got the signal; there a second signal
    comes from the launcher."""

    def __init__(self, log: RunLog, processes: int = 1) -> None:
        self._log = log
        self._processes = processes
        self._handlers = ExitStack()
        self._kind = _NOT

    @property
    def requested(self) -> bool:
        """Whether the run ends after this step."""
        return self._kind != _NOT

    @property
    def interrupt(self) -> KeyboardInterrupt:
        """What ends the run. The first signal decides whether it is to start again."""
        return RequeueInterrupt() if self._kind == _REQUEUE else KeyboardInterrupt()

    def __enter__(self) -> Interruption:
        self._handlers.enter_context(handling(self._request, also_ctrl_c=True))
        return self

    def __exit__(self, *error: object) -> None:
        self._handlers.close()

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            if self._processes > 1 or comes_twice():
                return
            raise self.interrupt
        self._kind = _REQUEUE if number in REQUEUE_SIGNALS else _STOP
        if self._processes > 1:
            return
        with suppress(RuntimeError, OSError):  # the signal came in the middle of another message
            again = "" if comes_twice() else "; Ctrl-C again stops at once"
            self._log.note(f"stopping after this step, with a checkpoint{again}")

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
        kinds = gather(torch.tensor([self._kind], device=device, dtype=torch.int32))
        self._kind = max(self._kind, int(kinds.max()))
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
