"""Signals that stop a command: which there are, and what each asks for.

SIGINT, SIGTERM and SIGHUP stop a run. SIGUSR1 and SIGUSR2, which schedulers send before the time is
up, stop it too, and the exit code asks to start it again. Only the main thread sets handlers.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from ftspec.exit_code import record_exit_code

INTERRUPTED = 130
REQUEUE = 75

REQUEUE_SIGNALS = frozenset(
    getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name)
)
STOP_SIGNALS = (
    frozenset(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
    | REQUEUE_SIGNALS
)
"""Those that a run handles, besides SIGINT."""

_received: list[int] = []
"""The signals that any handler got."""

Handler = Callable[[int, FrameType | None], None]


class RequeueInterrupt(KeyboardInterrupt):
    """A signal asks for a checkpoint, and for another start."""


def interrupt_of(number: int) -> KeyboardInterrupt:
    """What a signal raises."""
    return RequeueInterrupt() if number in REQUEUE_SIGNALS else KeyboardInterrupt()


def code_of_interrupt(error: BaseException) -> int:
    """The exit code of a command that it ends. click raises an error of its own from it."""
    is_requeue = isinstance(error, RequeueInterrupt) or isinstance(
        error.__cause__, RequeueInterrupt
    )
    return REQUEUE if is_requeue else INTERRUPTED


def comes_twice() -> bool:
    """Whether a process may get each signal twice: a scheduler sends it to the process and to the
    launcher, which forwards it. Then the second one does not ask to end at once."""
    return "TORCHELASTIC_RUN_ID" in os.environ


@contextmanager
def handling(handler: Handler, *, also_ctrl_c: bool) -> Iterator[None]:
    """Inside, ``handler`` gets the signals that stop a run. SIGHUP stays ignored where it is, as
    nohup does. In another thread than the main one nothing changes."""
    previous: Mapping[int, Any] = set_handlers(handler, also_ctrl_c=also_ctrl_c)
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


def set_handlers(handler: Handler, *, also_ctrl_c: bool) -> Mapping[int, Any]:
    """Set the handlers of :func:`handling`; returns those before."""
    if threading.current_thread() is not threading.main_thread():
        return {}

    def handle(number: int, frame: FrameType | None) -> None:
        _received.append(number)
        if number == getattr(signal, "SIGHUP", None):
            mute_lost_outputs()
        handler(number, frame)

    numbers = STOP_SIGNALS | ({signal.SIGINT} if also_ctrl_c else frozenset())
    kept = {number for number in numbers if _is_ignored_hangup(number)}
    return {number: signal.signal(number, handle) for number in numbers - kept}


def _is_ignored_hangup(number: int) -> bool:
    is_hangup = number == getattr(signal, "SIGHUP", None)
    return is_hangup and signal.getsignal(number) is signal.SIG_IGN


def interrupt_command(number: int, frame: FrameType | None) -> None:
    """A handler that ends a command as Ctrl-C does, and at once if it is not the first signal:
    while a command ends, an exception may come out of a destructor."""
    if len(_received) > 1:
        end_now(number)
    raise interrupt_of(number)


def end_now(number: int, say: Callable[[], None] | None = None) -> None:
    """End the process with the exit code of a signal. Where libraries are being imported an
    exception would come out as theirs, or be lost."""
    with suppress(Exception):
        if say is not None:
            say()
        else:
            os.write(2, b"interrupted\n")
    with suppress(Exception):
        sys.stdout.flush()
    code = code_after([*_received, number])
    record_exit_code(code)
    os._exit(code)


def code_after(numbers: Sequence[int]) -> int:
    """The exit code after these signals. The first decides: a scheduler that asked for another
    start sends SIGTERM to what then still runs. But Ctrl-C is a user who wants no other start."""
    decisive = numbers[-1] if numbers[-1] == signal.SIGINT else numbers[0]
    return code_of_interrupt(interrupt_of(decisive))


def mute_lost_outputs() -> None:
    """Send what is printed nowhere, if the terminal is gone: each write would fail."""
    with suppress(OSError, AttributeError):
        lost = [descriptor for descriptor in (1, 2) if _is_lost(descriptor)]
        if lost:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for descriptor in lost:
                os.dup2(nowhere, descriptor)
            os.close(nowhere)


def _is_lost(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
