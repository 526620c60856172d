"""A run that starts from an earlier one, by the name of its directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from adapter_runs import PlanOf, spec_of
from safetensors.torch import load_file

from ftspec.api import Plan, RunDirectory, RunError
from ftspec.testing.runs import (
    Listener,
    compile_plan,
    execute_plan,
    export_run,
    interrupt_plan,
    isolated_machine,
    plan_spec,
    predict_texts,
)

TEXTS = ["a large wild cat with a striped coat", "a tool to cut with"]
STILL = ("training.max_steps=1", "training.learning_rate=1e-12", "training.eval_strategy=no")


@pytest.fixture(scope="module")
def first(
    bert: Path, rows: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Plan, RunDirectory]]:
    """A finished run with an adapter on a model without a head."""
    folder = tmp_path_factory.mktemp("first")
    plan = plan_spec(spec_of("bert", bert, rows), folder / "runs", environment={})
    with isolated_machine(folder / "machine"):
        yield plan, execute_plan(plan, Listener())


def scores(plan: Plan, run_dir: RunDirectory) -> list[float]:
    """The scores of all labels, of one text after the other."""
    return [
        score for one in predict_texts(plan, run_dir, TEXTS) for score in one["scores"].values()
    ]


def adapter_in(run_dir: RunDirectory) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = load_file(run_dir.model / "adapter_model.safetensors")
    return weights


@pytest.mark.slow
def test_the_same_adapter_is_trained_further(
    first: tuple[Plan, RunDirectory], plan_of: PlanOf, bert_spec: str, tmp_path: Path
) -> None:
    plan, run_dir = first
    watcher = Listener()
    further = plan_of(bert_spec, [f"model.checkpoint={run_dir.path}", *STILL])
    second = execute_plan(further, watcher)
    assert f'the adapter of "{run_dir.path}" is trained further' in watcher.notes
    assert any(note.startswith("the head of the checkpoint is trained") for note in watcher.notes)
    before, after = adapter_in(run_dir), adapter_in(second)
    assert before.keys() == after.keys()
    assert all(torch.allclose(before[name], after[name], atol=1e-9) for name in before)
    assert scores(further, second) == pytest.approx(scores(plan, run_dir))
    # and a third one from the second, whose weights are still those of the first checkpoint
    third_plan = plan_of(bert_spec, [f"model.checkpoint={second.path}", *STILL])
    third = execute_plan(third_plan)
    assert scores(third_plan, third) == pytest.approx(scores(plan, run_dir))
    export_run(third_plan, third, tmp_path / "merged", merge=True)
    assert (tmp_path / "merged" / "model.safetensors").is_file()
    assert third.read_json("lock.json")["model"]["path"] == str(second.model)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "why"), [("model.adapter=null", "no"), ("model.adapter.r=2", "another")]
)
def test_any_other_adapter_is_merged(
    first: tuple[Plan, RunDirectory], plan_of: PlanOf, bert_spec: str, override: str, why: str
) -> None:
    plan, run_dir = first
    watcher = Listener()
    other = plan_of(bert_spec, [f"model.checkpoint={run_dir.path}", override, *STILL])
    second = execute_plan(other, watcher)
    merged = f'the adapter of "{run_dir.path}" is merged into its checkpoint: the spec has {why}'
    assert f"{merged} adapter" in watcher.notes
    assert scores(other, second) == pytest.approx(scores(plan, run_dir), abs=1e-5)


@pytest.mark.slow
def test_an_adapter_with_other_labels_gets_a_new_head(
    first: tuple[Plan, RunDirectory], plan_of: PlanOf, bert_spec: str
) -> None:
    _, run_dir = first
    watcher = Listener()
    label = "preprocess.template.label='{chance}'"
    run = compile_plan(plan_of(bert_spec, [f"model.checkpoint={run_dir.path}", label]), watcher)
    assert any(note.startswith("the head is new: ") for note in watcher.notes)
    now = {name.replace(".default", ""): one for name, one in run.model.named_parameters()}
    for name, before in adapter_in(run_dir).items():
        if ".lora_" in name:
            assert torch.equal(now[name], before)
        elif name.endswith("classifier.weight"):
            assert now[name.replace("classifier", "classifier.modules_to_save")].shape[0] == 2


@pytest.mark.slow
@pytest.mark.parametrize("adapter", ["same", "other", "none"])
def test_a_run_that_continues_an_adapter_can_be_resumed(
    first: tuple[Plan, RunDirectory], plan_of: PlanOf, bert_spec: str, adapter: str
) -> None:
    """Trained further, or merged: a resumed run ends as one that was never stopped."""
    other = {"same": [], "other": ["model.adapter.r=2"], "none": ["model.adapter=null"]}
    few = ["training.max_steps=4", "training.eval_strategy=no"]
    plan = plan_of(bert_spec, [f"model.checkpoint={first[1].path}", *other[adapter], *few])
    whole = execute_plan(plan)

    resumed = execute_plan(plan, resume=interrupt_plan(plan, 3))
    name = "model.safetensors" if adapter == "none" else "adapter_model.safetensors"
    expected, given = load_file(whole.model / name), load_file(resumed.model / name)
    assert expected.keys() == given.keys()
    assert all(torch.equal(given[name], weight) for name, weight in expected.items())


def test_a_run_that_is_not_finished_is_refused(
    first: tuple[Plan, RunDirectory], plan_of: PlanOf, bert_spec: str, tmp_path: Path
) -> None:
    unfinished = RunDirectory(tmp_path / "unfinished")
    (unfinished.path / "model").mkdir(parents=True)
    for name in ("spec.resolved.yaml", "model/config.json"):
        (unfinished.path / name).write_bytes((first[1].path / name).read_bytes())
    plan = plan_of(bert_spec, [f"model.checkpoint={unfinished.path}"])
    unfinished.set_status("interrupted")
    with pytest.raises(RunError) as caught:
        compile_plan(plan)
    assert caught.value.slug == "unfinished-run"
    assert caught.value.at == ("model", "checkpoint")
    assert caught.value.headline == (
        f'the run in "{unfinished.path}" is not finished: its status is "interrupted"'
    )
