"""A thread ends a process that waits for one that failed."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ftspec.engine.processes import guard as module
from ftspec.engine.processes.failure import Failure
from ftspec.engine.processes.group import ALONE, Group
from ftspec.engine.processes.guard import Guard

PATIENCE = 300.0


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LOOKS", 0.01)
    monkeypatch.setattr(module, "_SECONDS_TO_END", 0.2)
    monkeypatch.setattr(module, "_SECONDS_TO_STOP", 0.05)


@pytest.fixture
def deaf() -> Iterator[None]:
    """SIGTERM has a handler that does nothing, as where the main thread never comes to run it."""
    previous = signal.signal(signal.SIGTERM, lambda number, frame: None)
    yield
    signal.signal(signal.SIGTERM, previous)


def wait_until(is_so: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def guards() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ftspec-guard"]


def test_whoever_waits_for_ever_is_ended(pair: tuple[Group, Group], left: list[Failure]) -> None:
    first, second = pair
    done: list[tuple[str, Failure]] = []
    guard = Guard(
        first, lambda why: done.append(("record", why)), lambda why: done.append(("end", why))
    )
    guard.__enter__()  # never left: as if the main thread were stuck
    failure = second.fail(Failure.of(ValueError("no"), second.launch))
    wait_until(lambda: left)
    assert done == [("record", failure), ("end", failure)]
    assert left == [failure]
    # the main thread, had it come back, would wait for the end that the thread has begun
    late = threading.Thread(target=guard.dismiss, daemon=True)
    late.start()
    late.join(0.1)
    assert late.is_alive()
    signal.set_wakeup_fd(-1)


def test_whoever_ends_by_itself_is_left_alone(
    pair: tuple[Group, Group], left: list[Failure]
) -> None:
    first, second = pair
    done: list[Failure] = []
    with Guard(first, done.append, done.append) as guard:
        second.fail(Failure.of(ValueError("no"), second.launch))
        guard.dismiss()
    wait_until(lambda: not guards())
    assert done == left == []


@pytest.mark.usefixtures("deaf")
def test_a_signal_of_which_nothing_comes_is_recorded(
    pair: tuple[Group, Group], left: list[Failure]
) -> None:
    recorded: list[Failure] = []
    ended: list[Failure] = []
    with Guard(pair[0], recorded.append, ended.append):
        signal.raise_signal(signal.SIGTERM)
        wait_until(lambda: recorded)
    assert [failure.kind for failure in recorded] == ["interrupted"]
    assert ended == left == []  # the sender of the signal will kill


def test_who_is_alone_needs_no_guard() -> None:
    wait_until(lambda: not guards())  # those of other tests
    with Guard(ALONE, print, print):
        assert guards() == []
        assert signal.set_wakeup_fd(-1) == -1
