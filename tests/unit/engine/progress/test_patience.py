"""How long a run waits, what it says, and what ends it."""

from __future__ import annotations

import threading
import time

import pytest

from ftspec.engine.progress import patience as module
from ftspec.engine.progress.patience import (
    VARIABLE,
    Patience,
    WaitingStoppedError,
    seconds_of_patience,
)
from ftspec.errors import RunError

HOST = "http://hub"


@pytest.mark.parametrize(("written", "seconds"), [("", 300.0), ("2.5", 2.5), (" 7 ", 7.0)])
def test_the_environment_says_how_long(
    written: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, written)
    assert seconds_of_patience() == seconds


@pytest.mark.parametrize("written", ["soon", "0", "-1", "inf", "nan"])
def test_what_is_no_time_is_refused(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, written)
    with pytest.raises(RunError, match=f'{VARIABLE} is "{written}"'):
        seconds_of_patience()


def test_a_stop_ends_all_waiting_at_once() -> None:
    patience = Patience(lambda note: None, 60.0)
    wait = patience.wait_for(HOST, "GET /file")
    threading.Timer(0.1, patience.stop).start()
    started = time.monotonic()
    with pytest.raises(WaitingStoppedError):
        wait.work(lambda: time.sleep(5), lambda late: None)
    with pytest.raises(WaitingStoppedError):
        wait.sleep(60)
    assert time.monotonic() - started < 3


def test_what_is_waited_for_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SAID_AFTER", 0.1)
    notes: list[str] = []
    wait = Patience(notes.append, 60.0).wait_for(HOST, "GET /file")
    wait.fail("answers with 503")
    wait.work(lambda: time.sleep(0.6), lambda late: None)
    wait.succeed()
    assert len(notes) == 2
    assert notes[0].startswith(f"waiting for {HOST}, which answers with 503: for ")
    assert VARIABLE in notes[0]
    assert notes[1] == f"{HOST} answers again"


def test_a_host_that_is_given_up_gets_another_chance_later() -> None:
    patience = Patience(lambda note: None, 0.2)
    wait = patience.wait_for(HOST, "GET /file")
    with pytest.raises(TimeoutError):
        wait.work(lambda: time.sleep(2), lambda late: None)
    assert wait.give_up() == "has not answered yet, for 0.2 seconds"
    assert patience.given_up(HOST) == "has not answered yet, for 0.2 seconds"
    time.sleep(0.3)
    assert patience.given_up(HOST) is None


def test_bytes_that_came_before_are_no_progress() -> None:
    wait = Patience(lambda note: None, 60.0).wait_for(HOST, "GET /file")
    wait.advance(100)
    time.sleep(0.05)
    before = wait.left
    wait.advance(100)
    assert wait.left <= before
    wait.advance(101)
    assert wait.left > before
