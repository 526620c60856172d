"""One attempt of a launcher that starts all processes again when one of them dies.

torchrun keeps one store for all attempts. What an attempt has left in it would mislead the next:
values, a failure, and the addresses of processes that are dead. So each attempt has a name, under
which it keeps its values, and the first process of an attempt opens another store, in which torch
keeps its addresses. The restart count of torchrun is no such name: each agent has its own.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Mapping, MutableMapping
from contextlib import suppress

from torch.distributed import PrefixStore, Store, TCPStore

from ftspec.errors import FtspecError

_CURRENT = "ftspec/attempt"
_USES_STORE_OF_LAUNCHER = "TORCHELASTIC_USE_AGENT_STORE"
_SECONDS_TO_ANSWER = 5.0
_SECONDS_BETWEEN_LOOKS = 0.1


def has_shared_store(environment: Mapping[str, str]) -> bool:
    """Whether the store of this process is that of the launcher, which outlives an attempt."""
    return environment.get(_USES_STORE_OF_LAUNCHER) == str(True)


class Attempt:
    """This attempt, as the first process announces it.

    Attributes:
        name: no other attempt has it.
        host: the machine of the first process.
        port: where its store for torch is.
        sign: the port at which the first process sends the name until it ends.
    """

    def __init__(self, name: str, host: str, port: int, sign: int) -> None:
        self.name = name
        self.host = host
        self.port = port
        self.sign = sign
        self._server: Store | None = None

    @classmethod
    def announce(cls, shared: Store, environment: Mapping[str, str]) -> Attempt:
        """Begin an attempt: open a store for torch, and tell the others where it is."""
        host = own_address(environment["MASTER_ADDR"])
        server = TCPStore(host, 0, is_master=True, wait_for_workers=False, multi_tenant=True)
        name = uuid.uuid4().hex
        attempt = cls(name, host, server.port, _say(name))
        attempt._server = server
        fields = {"name": name, "host": host, "port": attempt.port, "sign": attempt.sign}
        shared.set(_CURRENT, json.dumps(fields))
        return attempt

    @classmethod
    def find(cls, shared: Store, seconds: float) -> Attempt:
        """The attempt that the first process announces. One whose first process is dead is over.

        Raises:
            FtspecError: there is none in time.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if shared.check([_CURRENT]):
                attempt = cls(**json.loads(shared.get(_CURRENT)))
                if attempt._is_alive():
                    return attempt
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        raise FtspecError(
            f"the first process of the run did not answer within {seconds:g} seconds: "
            "the other processes cannot reach it, or it has ended"
        )

    def store_in(self, shared: Store) -> Store:
        """The part of the launcher's store that is only for this attempt."""
        return PrefixStore(f"ftspec/{self.name}", shared)

    def show_to_torch(self, environment: MutableMapping[str, str]) -> None:
        """From now on torch uses the store of this attempt."""
        environment["MASTER_ADDR"], environment["MASTER_PORT"] = self.host, str(self.port)
        environment[_USES_STORE_OF_LAUNCHER] = str(False)

    def _is_alive(self) -> bool:
        """Whether its first process lives: its port may be that of another program by now, which
        may answer nothing. The store of torch would wait for it forever."""
        with suppress(OSError):
            sign = socket.create_connection((self.host, self.sign), _SECONDS_TO_ANSWER)
            with sign:
                sign.settimeout(_SECONDS_TO_ANSWER)
                return sign.makefile("rb").read(len(self.name)) == self.name.encode()
        return False


def _say(name: str) -> int:
    """Start to send a name to everyone who connects to a port; returns the port."""
    listener = socket.create_server(("", 0))

    def answer() -> None:
        while True:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(name.encode())

    threading.Thread(target=answer, name="ftspec-attempt", daemon=True).start()
    return int(listener.getsockname()[1])


def own_address(master: str) -> str:
    """The address of this machine, as a machine sees it that reaches ``master``. Names of machines
    are not used: often no other machine knows them."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(master, 9, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.connect(address)  # sends nothing
            own = str(probe.getsockname()[0])
    except OSError:
        return master
    return master if own == address[0] or own.startswith("127.") else own


def begin_attempt(
    shared: Store, *, is_first: bool, seconds: float, environment: MutableMapping[str, str]
) -> tuple[Store, Attempt]:
    """The store of this attempt for values, and the attempt. torch uses a store of its own.

    Raises:
        FtspecError: the first process does not answer in time.
    """
    attempt = Attempt.announce(shared, environment) if is_first else Attempt.find(shared, seconds)
    attempt.show_to_torch(environment)
    return attempt.store_in(shared), attempt
