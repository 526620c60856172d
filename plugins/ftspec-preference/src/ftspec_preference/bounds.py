"""Bounds on what a chat template may take while it is rendered: memory and time.

Why: a template is a program by the author of the checkpoint. The sandbox of transformers keeps it
from files and attributes, and lets it make a text of ten gigabytes or count forever.

Why here and not in another process: each conversation is rendered several times, in workers that
hold torch already, and a pipe to a helper would cost more than the rendering. So the process itself
gets a limit of address space while it renders, in which an allocation fails as a ``MemoryError``
however the template asks for it (``*``, ``~``, a width, ``replace``, a list), and a timer of
processor time, whose signal ends every loop. Both take microseconds. Only the arithmetic of whole
numbers can take long within one operation that no signal ends, so ``*`` and ``**`` and the filter
``round``, which has a power in it, refuse numbers that no template needs.
"""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import jinja2
from jinja2.defaults import DEFAULT_FILTERS
from jinja2.filters import do_round
from jinja2.sandbox import SandboxedEnvironment

MEMORY = 512 * 1024 * 1024
"""Bytes that a template may take beyond what the process has. A text of the greatest size that is
allowed takes an eighth of it."""

SECONDS = 5.0
"""Processor time for one conversation, which takes milliseconds."""

_MOST_DIGITS = 1000  # that a number is rounded to
_MOST_BITS = 10_000  # of a whole number
_PAGE = resource.getpagesize()  # bytes


class ExcessError(Exception):
    """A template takes too much. The text says what, as the end of a sentence."""


@contextmanager
def bounded() -> Iterator[None]:
    """Bound what is rendered inside. Nothing else may run there.

    Raises:
        ExcessError: it takes more than :data:`MEMORY` or :data:`SECONDS`.
    """
    sandbox = SandboxedEnvironment
    numbers = (sandbox.intercepted_binops, sandbox.default_binop_table, DEFAULT_FILTERS["round"])
    memory = _limit_memory()
    handler = _start_timer()
    # templates that are compiled inside keep these
    sandbox.intercepted_binops, sandbox.default_binop_table = _INTERCEPTED, _OPERATORS
    DEFAULT_FILTERS["round"] = _rounded
    try:
        yield
    except MemoryError as error:
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, memory)
        raise ExcessError(
            f"takes more than {MEMORY // 1024**2} MiB of memory for one conversation"
            f"{place_of(error)}"
        ) from None
    except Exception as error:
        excess = _excess_behind(error)
        if excess is None:
            raise
        raise ExcessError(f"{excess}{place_of(excess)}") from None
    finally:
        _stop_timer(handler)
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, memory)
        sandbox.intercepted_binops, sandbox.default_binop_table = numbers[:2]
        DEFAULT_FILTERS["round"] = numbers[2]


def place_of(error: BaseException) -> str:
    """The line of the template that raised an error, for the end of a sentence."""
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    return f" (line {line} of the template)" if line else ""


def _excess_behind(error: BaseException) -> ExcessError | None:
    """The end of the time that an error comes from. Jinja fails while it looks for the line of an
    exception that a signal raised between two lines."""
    behind: BaseException | None = error
    while behind is not None and not isinstance(behind, ExcessError):
        behind = behind.__context__
    return behind


def _limit_memory() -> tuple[int, int] | None:
    """Limit the address space of the process, and return the limits before. Where the system does
    not say how much of it is in use, there is no limit."""
    used = _size_of_process()
    if used is None:
        return None
    before = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + MEMORY
    limits = [wanted, *(one for one in before if one != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), before[1]))
    return before


def _size_of_process() -> int | None:
    """The address space in use, in bytes."""
    try:
        descriptor = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None
    try:
        return int(os.read(descriptor, 100).split()[0]) * _PAGE
    finally:
        os.close(descriptor)


def _start_timer() -> Any:
    """Start the timer, and return the handler before. Only the main thread of a process gets
    signals: in another one there is no bound."""
    if threading.current_thread() is not threading.main_thread():
        return None
    before = signal.signal(signal.SIGVTALRM, _end)
    # again and again, for a filter that catches everything
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS, 0.1)
    return before


def _stop_timer(handler: Any) -> None:
    if handler is not None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, handler)


def _end(number: int, frame: FrameType | None) -> None:
    raise ExcessError(f"takes more than {SECONDS:g} seconds for one conversation")


def _times(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _require_small(left.bit_length() + right.bit_length())
    return left * right


def _to_the_power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _require_small(left.bit_length() * abs(right))
    return left**right


def _rounded(value: Any, precision: Any = 0, method: Any = "common") -> Any:
    if isinstance(precision, int) and abs(precision) > _MOST_DIGITS:
        raise jinja2.TemplateError(f"it rounds to more than {_MOST_DIGITS:,} digits")
    return do_round(value, precision, method)


def _require_small(bits: int) -> None:
    if bits > _MOST_BITS:
        raise jinja2.TemplateError(f"a number has more than {_MOST_BITS:,} bits")


_INTERCEPTED = SandboxedEnvironment.intercepted_binops | {"*", "**"}
_OPERATORS = {**SandboxedEnvironment.default_binop_table, "*": _times, "**": _to_the_power}
