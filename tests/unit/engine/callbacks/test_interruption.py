"""Signals outside of training."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest

from ftspec.engine.callbacks.interruption import termination_as_interrupt
from ftspec.stopping import RequeueInterrupt


class Finalized:
    """Python drops what is raised while an object is finalized."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self._number)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("number", "kind"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGUSR1, RequeueInterrupt)],
)
def test_signal_that_comes_while_an_object_is_finalized_is_not_lost(
    number: int, kind: type[BaseException]
) -> None:
    with termination_as_interrupt() as termination:
        finalized = Finalized(number)
        del finalized
        with pytest.raises(kind):
            termination.raise_if_lost()


def test_run_without_a_signal_goes_on() -> None:
    with termination_as_interrupt() as termination:
        termination.raise_if_lost()


@pytest.mark.parametrize("is_alone", [True, False])
def test_only_the_first_signal_counts_where_a_launcher_sends_them_again(
    is_alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_alone:
        monkeypatch.setenv("TORCHELASTIC_RUN_ID", "7")
    with termination_as_interrupt(once=not is_alone):
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)


def test_error_that_follows_a_signal_is_the_signal() -> None:
    with termination_as_interrupt() as termination:
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGUSR1)
        with pytest.raises(RequeueInterrupt), termination.outlasting_errors():
            raise RuntimeError("trying to pop from empty mode stack")


def test_error_without_a_signal_stays() -> None:
    with (
        termination_as_interrupt() as termination,
        pytest.raises(RuntimeError),
        termination.outlasting_errors(),
    ):
        raise RuntimeError("broken")
