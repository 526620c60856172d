"""What launchers set, and what it says of a process."""

from __future__ import annotations

import pytest

from ftspec.engine.processes.launch import Launch, read_launch
from ftspec.errors import UsageError


@pytest.mark.parametrize(
    "environment",
    [{}, {"WORLD_SIZE": "4"}, {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"}, {"RANK": "0"}],
)
def test_alone(environment: dict[str, str]) -> None:
    launch = read_launch(environment)
    assert launch == Launch()
    assert launch.is_alone
    assert launch.is_first


def test_the_second_machine_of_two() -> None:
    launch = read_launch({"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1"})
    assert (launch.rank, launch.world_size, launch.local_rank, launch.machine) == (5, 8, 1, 4)
    assert not launch.is_alone
    assert not launch.is_first
    assert not launch.is_first_on_machine


def test_without_a_local_rank_every_process_is_a_machine() -> None:
    launches = [read_launch({"RANK": str(rank), "WORLD_SIZE": "2"}) for rank in (0, 1)]
    assert [launch.machine for launch in launches] == [0, 1]
    assert all(launch.is_first_on_machine for launch in launches)


@pytest.mark.parametrize(
    ("rank", "size", "said"),
    [("2", "2", 'RANK="2" of WORLD_SIZE="2"'), ("one", "2", 'RANK="one", which is not a number')],
)
def test_what_makes_no_sense(rank: str, size: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_launch({"RANK": rank, "WORLD_SIZE": size})
