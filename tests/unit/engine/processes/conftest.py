"""Two processes of a run that are one here, with a store in its memory."""

from __future__ import annotations

from typing import Any

import pytest
from torch._C._distributed_c10d import HashStore

from ftspec.engine.processes.failure import Failure
from ftspec.engine.processes.group import Group
from ftspec.engine.processes.launch import Launch


@pytest.fixture
def left() -> list[Failure]:
    """Why a thread ended its process."""
    return []


@pytest.fixture
def pair(left: list[Failure]) -> tuple[Group, Group]:
    """The first and the second, as they see each other."""
    store = HashStore()

    leave: Any = lambda group, failure: left.append(failure)  # noqa: E731 - and the process lives
    first, second = (Group(Launch(rank, 2, rank), store, leave) for rank in (0, 1))
    return first, second
