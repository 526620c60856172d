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

from ftspec.engine.trainer.deepspeed import require_deepspeed
from ftspec.engine.trainer.sharding import ShardingCheck, is_split, require_sharding
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.planning.sharding import arguments_that_save
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText
from ftspec.testing.runs import plan_spec

SPEC = """\
# ftspec: ignore[missing-package, sharding]
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


def engine_of(stage: int, parameters: list[Any], held: int = 0) -> Any:
    """What ftspec reads of an engine; tests/engines/test_deepspeed.py has those of DeepSpeed."""
    groups = [{"params": [torch.zeros(held)]}]
    return SimpleNamespace(
        zero_optimization_stage=lambda: stage,
        module=SimpleNamespace(parameters=lambda: parameters),
        optimizer=SimpleNamespace(param_groups=groups),
    )


def checked(plan: Plan, model: Any, processes: int = 2) -> None:
    trainer: Any = SimpleNamespace(model_wrapped=model)
    arguments: Any = SimpleNamespace(device=torch.device("cpu"), world_size=processes)
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
    half = SimpleNamespace(ds_tensor=torch.zeros(2), ds_numel=4)
    whole = SimpleNamespace(ds_tensor=torch.zeros(4), ds_numel=4)
    for stage, parameters, passes in (
        (3, [half], True),
        (3, [whole], False),
        (3, [half, SimpleNamespace()], False),
        (2, [half], False),
    ):
        engine = engine_of(stage, parameters)
        if passes:
            checked(plan, engine)
            continue
        with pytest.raises(RunError, match='"deepspeed" was asked for'):
            checked(plan, engine)
    with pytest.raises(RunError, match="it is a Linear on cpu"):
        checked(plan, nn.Linear(1, 1))


@pytest.mark.parametrize("stage", [1, 2])
def test_the_optimizer_of_deepspeed_must_have_a_part_of_the_parameters(
    plan_of: PlanOf, stage: int
) -> None:
    plan = plan_of(f"deepspeed: {{zero_optimization: {{stage: {stage}}}}}")
    parameters = [nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(9), requires_grad=False)]
    checked(plan, engine_of(stage, parameters, held=2))
    with pytest.raises(RunError, match="the model is not sharded"):
        checked(plan, engine_of(stage, parameters, held=4))
    checked(plan, engine_of(stage, parameters, held=4), processes=1)


def test_a_stage_of_deepspeed_that_splits_nothing_is_refused(plan_of: PlanOf) -> None:
    with pytest.raises(RunError, match="the model is not sharded"):
        checked(plan_of("deepspeed: {zero_optimization: {stage: 0}}"), engine_of(0, [], held=0))


def test_whole_weights_are_asked_for_at_stage_3(plan_of: PlanOf) -> None:
    plan = plan_of("deepspeed: {bf16: {enabled: auto}, zero_optimization: {stage: 3}}")
    assert arguments_that_save(plan) == {
        "deepspeed": {
            "bf16": {"enabled": "auto"},
            "zero_optimization": {"stage": 3, "stage3_gather_16bit_weights_on_model_save": True},
        }
    }
    assert arguments_that_save(plan_of("deepspeed: {zero_optimization: {stage: 2}}")) == {}
    assert arguments_that_save(plan_of("max_steps: 1")) == {}


def test_deepspeed_on_one_process_must_offload_and_have_a_launcher(
    plan_of: PlanOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(RunError, match='"deepspeed" splits the model over processes'):
        require_sharding(plan_of("deepspeed: {zero_optimization: {stage: 2}}"), 1)
    offloaded = "{stage: 2, offload_optimizer: {device: cpu}}"
    with pytest.raises(RunError, match="needs a launcher, also for one process"):
        require_sharding(plan_of(f"deepspeed: {{zero_optimization: {offloaded}}}"), 1)


@pytest.mark.parametrize("rows", [12, 4])
def test_the_rows_of_deepspeed_are_those_of_all_processes(plan_of: PlanOf, rows: int) -> None:
    written = f"deepspeed: {{train_batch_size: {rows}, zero_optimization: {{stage: 2}}}}"
    with pytest.raises(RunError, match="and 2 processes with 4 rows each give 8") as no:
        require_deepspeed(plan_of(f"{written}, per_device_train_batch_size: 4"), 2)
    assert (no.value.slug, no.value.at) == ("sharding", ("training", "deepspeed"))


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
    require_sharding(plan_of("fsdp: []"), 1)
