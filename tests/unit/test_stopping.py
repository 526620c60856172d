"""Which signals stop a run, and with which code."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import click
import pytest

from ftspec.cli.terminal.exits import code_of_error
from ftspec.stopping import RequeueInterrupt, code_after, handling, interrupt_of

NUMBERS = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


@pytest.fixture
def hangup() -> Iterator[None]:
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


def test_codes() -> None:
    assert [code_of_error(interrupt_of(number)) for number in NUMBERS] == [130, 130, 75, 75]
    assert isinstance(interrupt_of(signal.SIGUSR1), RequeueInterrupt)


def test_code_is_that_of_what_click_made_its_error_from() -> None:
    aborted = click.Abort()
    aborted.__cause__ = interrupt_of(signal.SIGUSR2)
    assert code_of_error(aborted) == 75


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ([signal.SIGTERM], 130),
        ([signal.SIGUSR1], 75),
        ([signal.SIGUSR1, signal.SIGTERM], 75),
        ([signal.SIGTERM, signal.SIGUSR2], 130),
        ([signal.SIGUSR1, signal.SIGINT], 130),
        ([signal.SIGINT, signal.SIGTERM], 130),
    ],
)
def test_only_ctrl_c_takes_another_start_back(numbers: list[int], code: int) -> None:
    assert code_after(numbers) == code


def test_handlers_are_for_a_while(hangup: None) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    before = [signal.getsignal(number) for number in NUMBERS]
    got: list[int] = []
    with handling(lambda number, frame: got.append(number), also_ctrl_c=False):
        for number in NUMBERS:
            os.kill(os.getpid(), number)
    assert got == list(NUMBERS)
    assert [signal.getsignal(number) for number in NUMBERS] == before


def test_nohup_keeps_ignoring(hangup: None) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    got: list[int] = []
    with handling(lambda number, frame: got.append(number), also_ctrl_c=False):
        os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert got == []


def test_only_the_main_thread_sets_handlers() -> None:
    found = []

    def look() -> None:
        with handling(lambda number, frame: None, also_ctrl_c=True):
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [before]
