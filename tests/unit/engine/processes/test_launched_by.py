"""Which attempts belong to one launch."""

from __future__ import annotations

import os

from ftspec.engine.processes.launched_by import LaunchedBy, launched_by


def test_nothing_starts_a_process_again_without_torchrun() -> None:
    assert launched_by({}) is None
    assert launched_by({"RANK": "0", "WORLD_SIZE": "2"}) is None


def test_a_launch_is_known_by_the_process_that_started_this_one() -> None:
    first = launched_by({"TORCHELASTIC_RUN_ID": "none", "TORCHELASTIC_RESTART_COUNT": "0"})
    second = launched_by({"TORCHELASTIC_RUN_ID": "none", "TORCHELASTIC_RESTART_COUNT": "1"})
    assert first is not None
    assert second is not None
    assert f" {os.getppid()} " in first.agent
    assert (first.attempt, second.attempt) == (0, 1)
    assert second.has_begun(first.to_json())


def test_another_machine_knows_it_by_its_id_after_a_restart() -> None:
    record = LaunchedBy("job 7", "machine a", 0).to_json()
    assert LaunchedBy("job 7", "machine b", 1).has_begun(record)
    assert not LaunchedBy("job 7", "machine b", 0).has_begun(record)  # a new launch with an old id
    assert not LaunchedBy("job 8", "machine b", 1).has_begun(record)
    nameless = LaunchedBy("none", "machine a", 0).to_json()
    assert not LaunchedBy("none", "machine b", 1).has_begun(nameless)
    assert not LaunchedBy("job 7", "machine b", 1).has_begun({})
