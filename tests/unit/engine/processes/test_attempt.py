"""Each attempt of a launcher ignores what earlier attempts left in the store."""

from __future__ import annotations

import json
import socket
import threading

import pytest
from torch._C._distributed_c10d import HashStore
from torch.distributed import TCPStore

from ftspec.engine.processes import attempt as attempts
from ftspec.engine.processes.attempt import Attempt, begin_attempt, has_shared_store, own_address
from ftspec.engine.processes.group import Group
from ftspec.engine.processes.launch import Launch
from ftspec.errors import FtspecError

HERE = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1", "TORCHELASTIC_USE_AGENT_STORE": "True"}
KEY = "ftspec/attempt"


def record_of_dead(port: int) -> str:
    return json.dumps({"name": "dead", "host": "127.0.0.1", "port": port, "sign": port})


def left_by_a_dead_process(store: HashStore) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store.set(KEY, record_of_dead(port))
    store.set("ftspec/dead/opened", "{}")


def test_both_processes_are_in_one_attempt() -> None:
    shared = HashStore()
    first, second = dict(HERE), dict(HERE)
    store, attempt = begin_attempt(shared, is_first=True, seconds=5, environment=first)
    other, found = begin_attempt(shared, is_first=False, seconds=5, environment=second)
    store.set("opened", "1")
    assert other.get("opened") == b"1"
    assert attempt.name == found.name
    assert first == second
    assert not has_shared_store(first)
    assert not TCPStore("127.0.0.1", int(first["MASTER_PORT"]), is_master=False).check(["opened"])


def test_attempt_whose_first_process_is_dead_is_over() -> None:
    shared = HashStore()
    left_by_a_dead_process(shared)
    with pytest.raises(FtspecError, match=r"did not answer within 0\.3 seconds"):
        Attempt.find(shared, 0.3)
    kept = []
    later = threading.Timer(0.3, lambda: kept.append(Attempt.announce(shared, HERE)))
    later.start()
    found = Attempt.find(shared, 20)
    later.join()
    assert found.name == kept[0].name
    assert not found.store_in(shared).check(["opened"])


def test_port_that_another_program_has_by_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_SECONDS_TO_ANSWER", 0.2)
    shared = HashStore()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        shared.set(KEY, record_of_dead(port))
        with pytest.raises(FtspecError, match="did not answer"):
            Attempt.find(shared, 0.1)


def test_address_of_this_machine() -> None:
    assert own_address("127.0.0.1") == "127.0.0.1"
    assert own_address("no-such-machine.invalid") == "no-such-machine.invalid"


def test_the_first_process_waits_until_all_have_met_it() -> None:
    store = HashStore()
    first, second = (Group(Launch(rank, 2, rank), store) for rank in (0, 1))
    first.greet()
    assert not first.wait_for_all(0.1)
    second.greet()
    assert first.wait_for_all(0.1)
