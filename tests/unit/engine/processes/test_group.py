"""Processes tell each other values, and why they end."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch.distributed import TCPStore

from ftspec.engine.processes.failure import AnotherFailedError, Failure
from ftspec.engine.processes.group import ALONE, Group
from ftspec.engine.processes.launch import Launch
from ftspec.engine.progress.outcome import RunFailedError, RunInterruptedError
from ftspec.errors import RunError
from ftspec.rundir import RunDirectory

SECOND = Launch(1, 2, 1)


def test_what_one_tells_the_other_reads(pair: tuple[Group, Group]) -> None:
    first, second = pair
    assert not second.has("opened")
    first.post("opened", {"run_dir": "runs/ä", "resume": False})
    assert second.wait_for("opened") == {"run_dir": "runs/ä", "resume": False}


def test_waiting_ends_where_the_other_fails(pair: tuple[Group, Group]) -> None:
    first, second = pair
    failure = second.fail(Failure.of(ValueError("no"), SECOND))
    with pytest.raises(AnotherFailedError, match=r"^no \(in process 2 of 2, on ") as caught:
        first.wait_for("rows")
    assert caught.value.failure == failure
    assert not first.wait_at_most(0.1, "rows")


def test_the_first_failure_is_the_reason(pair: tuple[Group, Group]) -> None:
    first, second = pair
    reason = second.fail(Failure.of(ValueError("out of memory"), SECOND))
    assert first.fail(Failure.of(ValueError("connection closed"), Launch(0, 2))) == reason
    assert first.failure() == second.failure() == reason


def test_who_loses_the_store_has_lost_the_first_process() -> None:
    server = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    second = Group(SECOND, TCPStore("127.0.0.1", server.port))
    assert second.cause_of(ValueError("no")) is None
    del server
    said = "the process ended without a word; it may have been killed (in process 1 of 2, on "
    with pytest.raises(AnotherFailedError) as raised:
        second.wait_for("rows")
    assert str(raised.value).startswith(said)
    assert second.cause_of(RuntimeError("connection closed")) == raised.value.failure
    # what ftspec says of its own error is more than that
    assert second.cause_of(RunError("no such label", slug="unseen-label")) is None


def test_a_failure_stays_known_where_the_store_ends() -> None:
    server = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    second = Group(SECOND, TCPStore("127.0.0.1", server.port))
    failure = Group(Launch(0, 2), server).fail(Failure.of(ValueError("no"), Launch(0, 2)))
    assert second.failure() == failure
    del server
    assert second.failure() == second.cause_of(RuntimeError("connection closed")) == failure


def test_a_mistake_keeps_its_place(pair: tuple[Group, Group]) -> None:
    first, second = pair
    error = RunError("no such label", slug="unseen-label", at=("task", 0), helps=("one", "two"))
    second.fail(Failure.of(error, SECOND))
    failure = first.failure()
    assert failure is not None
    assert (failure.kind, failure.slug) == ("mistake", "unseen-label")
    assert (failure.at, failure.helps) == (("task", 0), ("one", "two"))


def test_what_else_ends_a_process(tmp_path: Path) -> None:
    run_dir = RunDirectory(tmp_path)
    failed = Failure.of(RunFailedError(ValueError("a  b"), run_dir), SECOND)
    assert (failed.kind, failed.headline) == ("failed", "ValueError: a b")
    assert failed.log == str(run_dir.log)
    for stop in (KeyboardInterrupt(), RunInterruptedError(run_dir)):
        assert Failure.of(stop, SECOND).kind == "interrupted"
    assert Failure.of(ZeroDivisionError(), SECOND).headline == "ZeroDivisionError"


def test_who_is_alone_tells_nobody() -> None:
    ALONE.post("opened", 1)
    assert not ALONE.has("opened")
    failure = Failure.of(ValueError("no"), ALONE.launch)
    assert ALONE.fail(failure) == failure
    assert ALONE.failure() is None
