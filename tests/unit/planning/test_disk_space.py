"""How much room a run needs, by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ftspec.planning.checkpoint_weights import count_weights
from ftspec.planning.disk_space import needed_space, space_of_plan
from tests.unit.conftest import MINIMAL, PlanOf

MB = 1_000_000


@pytest.mark.parametrize(
    ("training", "steps", "checkpoint", "checkpoints"),
    [
        ({}, 1200, 300, 3),
        ({"save_steps": 0.25}, 1200, 300, 4),
        ({"save_steps": 400, "save_total_limit": 1}, 1200, 300, 2),
        ({"save_steps": 1200, "save_total_limit": 1}, 1200, 300, 1),
        ({"save_steps": 100, "save_total_limit": 1, "load_best_model_at_end": True}, 1200, 300, 3),
        ({"save_strategy": "no"}, 1200, 300, 0),
        ({"save_strategy": "epoch", "num_train_epochs": 2.5}, None, 300, 3),
        ({"save_strategy": "epoch", "max_steps": 10}, 10, 300, None),
        ({"max_steps": 1000}, None, 300, 2),
        ({}, None, 300, None),
        ({"save_total_limit": 2}, None, 300, 3),
        ({"save_only_model": True}, 500, 100, 1),
        ({"optim": "sgd"}, 500, 100, 1),
        ({"optim": "lion_32bit"}, 500, 200, 1),
        ({"optim": "adamw_torch_8bit"}, 500, 150, 1),
    ],
)
def test_checkpoints_and_their_size(
    training: Mapping[str, Any], steps: int | None, checkpoint: int, checkpoints: int | None
) -> None:
    needed = needed_space(100 * MB, 100 * MB, training, steps)
    assert (needed.checkpoint, needed.checkpoints) == (checkpoint * MB, checkpoints)
    most = None if checkpoints is None else (100 + checkpoint * checkpoints) * MB
    assert needed.most == most


def test_adapter_has_small_checkpoints() -> None:
    assert str(needed_space(2 * MB, 2 * MB, {}, 500)) == "8.0 MB for 1 checkpoint and the model"


def safetensors(path: Path, *shapes: list[int]) -> None:
    """A file with the header of these weights."""
    entries = {f"w{n}": {"dtype": "F32", "shape": shape} for n, shape in enumerate(shapes)}
    header = json.dumps({"__metadata__": {"format": "pt"}, **entries}).encode()
    weights = b"\0" * 4 * sum(map(math.prod, shapes))
    path.write_bytes(len(header).to_bytes(8, "little") + header + weights)


def test_plan_of_a_local_checkpoint_counts_its_weights(plan_of: PlanOf, tmp_path: Path) -> None:
    safetensors(tmp_path / "model-1.safetensors", [1000, 50], [50])
    safetensors(tmp_path / "model-2.safetensors", [])
    assert count_weights(tmp_path) == 50_051
    spec = MINIMAL.replace("acme/bert", str(tmp_path))
    space = space_of_plan(plan_of(f"{spec}training: {{max_steps: 500}}\n"))
    assert space is not None
    assert space.most == 4 * 4 * 50_051
    assert space_of_plan(plan_of(MINIMAL)) is None


@pytest.mark.parametrize("damage", [b"", b"\xff" * 20, b"\2\0\0\0\0\0\0\0[]"])
def test_damaged_weights_are_not_counted(damage: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(damage)
    assert count_weights(tmp_path) == 0
