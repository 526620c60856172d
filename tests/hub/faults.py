"""Faults a test asks the loopback Hub to commit: error answers, cut connections, slow answers, and
those that have a name (tests/hub/misbehaviour.py)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal


@dataclass
class Fault:
    """One kind of misbehaviour and how many more requests it hits."""

    kind: Literal["fail", "cut", "delay", "named"]
    times: int
    path_contains: str
    methods: tuple[str, ...]
    status: int = 0
    error_code: str = ""
    after_bytes: int = 0
    seconds: float = 0.0
    message: str = "fault injected by a test"
    name: str = ""

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and method in self.methods and self.path_contains in path


class FaultPlan:
    """The faults still to come; the server's threads take from it one at a time."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that fits this request, used up once."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.times -= 1
                    return fault
        return None

    def remaining(self) -> int:
        """How many requests the faults still to come would hit."""
        with self._lock:
            return sum(fault.times for fault in self._faults)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
