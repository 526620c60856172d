"""torchrun: the processes of one machine, and a part of those of several machines."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
from collections.abc import Sequence

from ftspec.api import Launcher, LauncherContext, RunError
from ftspec.builtin.launchers.config import TorchrunConfig

SECONDS_TO_JOIN = 300
"""How long an attempt waits for the other machines."""

_SECONDS_TO_SAVE = 600
"""How long the processes may take for a checkpoint after a signal, before they are killed."""

_SIGNALS = "SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1,SIGUSR2"


class Torchrun(Launcher):
    """torchrun, in a session of its own. Ctrl-C in a terminal reaches this process only, which
    sends it to torchrun. Otherwise the processes of the run would get it twice."""

    def __init__(self, config: TorchrunConfig, context: LauncherContext) -> None:
        self._context = context
        self._rendezvous = config.rendezvous
        self._command = [
            *(sys.executable, "-m", "ftspec.torchrun"),
            *meeting_place(config.nodes, config.rendezvous, context.name),
            *torchrun_options(config.processes, config.restarts),
            *("-m", *context.arguments),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def render(self) -> str:
        """The command."""
        return shlex.join(self._command)

    def submit(self) -> None:
        """Start torchrun.

        Raises:
            RunError: the machines cannot meet where the spec says, or the system starts no process.
        """
        self._require_known_host()
        try:
            self._process = subprocess.Popen(self._command, start_new_session=True)
        except OSError as error:
            raise RunError(
                f"torchrun cannot be started: {error.strerror or error}",
                slug="cannot-launch",
                at=self._context.section,
            ) from error

    def _require_known_host(self) -> None:
        """Refuse a host that has no address: torchrun would try it for minutes."""
        if self._rendezvous is None:
            return
        host = self._rendezvous.rpartition(":")[0].strip("[]")
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError):
            raise RunError(
                f'this machine does not know the host "{host}", where the machines meet',
                slug="cannot-launch",
                at=(*self._context.section, "rendezvous"),
                helps=("write the name or the address of one of the machines",),
            ) from None

    def wait(self) -> int:
        """Wait for torchrun."""
        assert self._process is not None
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def stop(self, number: int) -> None:
        """Send a signal to torchrun, which sends it to the processes."""
        assert self._process is not None
        self._process.send_signal(number)


def meeting_place(nodes: int, rendezvous: str | None, name: str) -> Sequence[str]:
    """The options that say where the machines meet."""
    if nodes == 1:
        # without the address, torchrun uses the name of the machine, which may not resolve
        return ("--standalone", "--local-addr=127.0.0.1")
    return (
        f"--nnodes={nodes}",
        "--rdzv-backend=c10d",
        f"--rdzv-endpoint={rendezvous}",
        f"--rdzv-id={name}",
        f"--rdzv-conf=join_timeout={SECONDS_TO_JOIN}",
    )


def torchrun_options(processes: int | str, restarts: int) -> Sequence[str]:
    """The options that do not depend on where the machines meet."""
    return (
        f"--nproc-per-node={processes}",
        f"--max-restarts={restarts}",
        f"--signals-to-handle={_SIGNALS}",
        f"--shutdown-timeout={_SECONDS_TO_SAVE}",
    )
