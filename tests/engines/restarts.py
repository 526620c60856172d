"""Runs under torchrun whose processes are killed at a random moment, and what they learn.

One or two agents, with the store of torchrun shared or not; the victim is a process of the run, an
agent, or all at once. If nothing is left that could start the run again, it is started by hand with
``--resume auto``, as a scheduler would.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.cli import specs
from tests.cli.command import own_environment
from tests.cli.placing import free_port, spec_with_checkpoints, weights_in

STEPS = 60
VICTIMS = ("first", "second", "agent", "all")
SECONDS = 300
"""More than any attempt and its restart take on a busy machine."""


@dataclass(frozen=True)
class Verdict:
    """How one run ended.

    Attributes:
        case: what was killed, when, and under what.
        problem: what is wrong; empty if it ended like the undisturbed run.
        seconds: how long it took.
    """

    case: str
    problem: str
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether it ended like the undisturbed run."""
        return not self.problem

    def __str__(self) -> str:
        return f"{self.case}: {self.problem or 'same weights'} ({self.seconds:.0f} s)"


def kill_at_random(seeds: Iterable[int]) -> Iterator[Verdict]:
    """A run for each seed."""
    with tempfile.TemporaryDirectory(prefix="ftspec-engines-") as name:
        folder = Path(name)
        specs.write_data(folder)
        (folder / "run.yaml").write_text(spec_with_checkpoints(STEPS), encoding="utf-8")
        began = time.monotonic()
        expected = _Run(folder, "undisturbed", agents=1, is_shared=True).finish()
        undisturbed = time.monotonic() - began
        for seed in seeds:
            yield _try(folder, seed, expected, undisturbed)


def _try(folder: Path, seed: int, expected: str, undisturbed: float) -> Verdict:
    """One run with one kill."""
    choice = random.Random(seed)
    victim = choice.choice(VICTIMS)
    agents = choice.choice((1, 2))
    is_shared = choice.random() < 0.7
    moment = choice.uniform(0.1, 0.95) * undisturbed
    store = "shared" if is_shared else "own"
    began = time.monotonic()
    run = _Run(folder, f"seed-{seed}", agents, is_shared)
    time.sleep(moment)
    while not run.kill(victim):  # it has ended: the machine is less busy than before
        moment /= 2
        run = _Run(folder, f"seed-{seed}-after-{moment:.1f}", agents, is_shared)
        time.sleep(moment)
    case = f"seed {seed}: {victim} after {moment:.1f} s, {agents} agents, {store} store"
    try:
        weights = run.finish()
        problem = "" if weights == expected else f"the weights are {weights}, not {expected}"
    except (AssertionError, subprocess.TimeoutExpired) as error:
        problem = str(error)[-2000:]
    finally:
        run.end()
    return Verdict(case, problem, time.monotonic() - began)


class _Run:
    """A run of two processes."""

    def __init__(self, folder: Path, name: str, agents: int, is_shared: bool) -> None:
        self._folder = folder
        self._name = name
        self._agents = agents
        self._is_shared = is_shared
        self._processes: list[subprocess.Popen[bytes]] = []
        self._start()

    def kill(self, victim: str) -> bool:
        """Kill a part of it without a warning; whether it still ran. A part that does not run yet
        is waited for."""
        while agents := [process for process in self._processes if process.poll() is None]:
            victims = [*self._victims(victim, agents)]
            for process in victims:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
            if victims:
                return True
            time.sleep(0.1)
        return False

    def _victims(
        self, victim: str, agents: list[subprocess.Popen[bytes]]
    ) -> Iterator[psutil.Process | subprocess.Popen[bytes]]:
        if victim == "agent":
            yield agents[-1]
            return
        for process in _workers_of(agents):
            with suppress(psutil.NoSuchProcess):
                rank = "first" if process.environ().get("RANK") == "0" else "second"
                if victim in (rank, "all"):
                    yield process
        yield from agents if victim == "all" else ()

    def finish(self) -> str:
        """Wait for its end, starting it again where nobody else does; the hash of its weights."""
        for _ in range(3):
            codes = [process.wait(SECONDS) for process in self._processes]
            if codes == [0] * self._agents:
                return self._weights()
            self._start()
        raise AssertionError(f"{self._name} ended with {codes}: {self._said()}")

    def end(self) -> None:
        """Leave nothing behind."""
        for process in self._processes:
            for child in _workers_of([process]):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            process.kill()
            process.wait()

    def _start(self) -> None:
        output = self._folder / self._name
        variable = {} if self._is_shared else {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
        env = own_environment(GLOO_SOCKET_IFNAME="lo", FTSPEC_CACHE=str(self._folder / "cache"))
        place = ["--standalone", "--nproc-per-node=2"]
        if self._agents == 2:
            endpoint = f"--rdzv-endpoint=127.0.0.1:{free_port()}"
            place = ["--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", endpoint]
            place += [f"--rdzv-id={self._name}", "--rdzv-conf=join_timeout=60"]
        run = ["run", str(self._folder / "run.yaml"), "--output-dir", str(output)]
        command = [sys.executable, "-m", "ftspec.torchrun", *place, "--max-restarts=2"]
        self._processes = []
        for number in range(self._agents):
            with (self._folder / f"{self._name}.{number}.txt").open("ab") as said:
                self._processes.append(
                    subprocess.Popen(
                        [*command, "-m", "ftspec", *run, "--resume", "auto"],
                        env=dict(os.environ) | env | variable,
                        stdout=said,
                        stderr=subprocess.STDOUT,
                    )
                )

    def _weights(self) -> str:
        return weights_in(self._folder / self._name)[:16]

    def _said(self) -> str:
        return "".join(path.read_text() for path in self._folder.glob(f"{self._name}.*.txt"))


def _workers_of(agents: Iterable[subprocess.Popen[bytes]]) -> list[psutil.Process]:
    """The processes of the run that agents have started."""
    found = []
    for agent in agents:
        with suppress(psutil.NoSuchProcess):
            found += psutil.Process(agent.pid).children()
    return found
