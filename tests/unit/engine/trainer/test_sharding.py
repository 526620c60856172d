"""Whether a model is sharded as its spec asks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import distributed, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.testing._internal.distributed.fake_pg import FakeStore

from ftspec.engine.trainer.sharding import ShardingCheck, is_split, require_sharding
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText
from ftspec.testing.runs import plan_spec

SPEC = """\
# ftspec: ignore[missing-package]
ftspec: 1
data:
  source: {type: hub, path: acme/reviews, revision: v1}
  splits: {train: "train[:90%%]", validation: "train[90%%:]"}
preprocess: {template: {text: "{text}", label: "{label}"}}
model: {checkpoint: google-bert/bert-base-uncased, revision: v1}
task: text-classification
training: {%s}
"""

PlanOf = Callable[[str], Plan]


@pytest.fixture
def plan_of(tmp_path: Path) -> PlanOf:
    registry = build_registry(with_entry_points=False)

    def plan(training: str) -> Plan:
        return plan_spec(SourceText("spec.yaml", SPEC % training), tmp_path, registry=registry)

    return plan


@pytest.fixture
def two_processes() -> Iterator[None]:
    """This one is the first of two; the other one is not there."""
    distributed.init_process_group("fake", store=FakeStore(), rank=0, world_size=2)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def checked(plan: Plan, model: Any) -> None:
    trainer: Any = SimpleNamespace(model_wrapped=model)
    arguments: Any = SimpleNamespace(device=torch.device("cpu"))
    ShardingCheck(plan, trainer).on_train_begin(arguments, None, None)  # type: ignore[arg-type]


def test_a_sharded_model_passes_and_a_whole_one_does_not(
    plan_of: PlanOf, two_processes: None
) -> None:
    plan = plan_of("fsdp: true")
    whole = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 2))
    sharded = copy.deepcopy(whole)
    mesh = distributed.device_mesh.init_device_mesh("cpu", (2,))
    fully_shard(sharded, mesh=mesh)
    assert isinstance(next(sharded.parameters()), DTensor)
    assert is_split(sharded)
    checked(plan, sharded)
    assert not is_split(whole)
    with pytest.raises(RunError, match="the model is not sharded: it is a Sequential on cpu") as no:
        checked(plan, whole)
    assert (no.value.slug, no.value.at) == ("not-sharded", ("training", "fsdp"))
    checked(plan_of("max_steps: 1"), whole)


def test_deepspeed_must_have_the_stage_of_its_configuration(plan_of: PlanOf) -> None:
    plan = plan_of("deepspeed: {zero_optimization: {stage: 3}}")
    parameter = SimpleNamespace(ds_tensor=None)
    for stage, parameters, passes in (
        (3, [parameter], True),
        (3, [parameter, SimpleNamespace()], False),
        (2, [parameter], False),
    ):
        module = SimpleNamespace(parameters=lambda given=parameters: given)
        engine = SimpleNamespace(zero_optimization_stage=lambda at=stage: at, module=module)
        if passes:
            checked(plan, engine)
            continue
        with pytest.raises(RunError, match='"deepspeed" was asked for'):
            checked(plan, engine)
    with pytest.raises(RunError, match="it is a Linear on cpu"):
        checked(plan, nn.Linear(1, 1))


def test_fsdp_needs_processes_and_accelerators(
    plan_of: PlanOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of("fsdp: true")
    with pytest.raises(RunError, match="this run has one"):
        require_sharding(plan, 1)
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    with pytest.raises(RunError, match="this machine has no accelerator"):
        require_sharding(plan, 2)
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    require_sharding(plan, 2)
    require_sharding(plan_of("deepspeed: {zero_optimization: {stage: 2}}"), 1)
    require_sharding(plan_of("fsdp: []"), 1)
