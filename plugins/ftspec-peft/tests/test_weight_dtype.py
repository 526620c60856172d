"""Frozen weights keep the dtype of the checkpoint, and the adapter learns in 32 bits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from adapter_runs import PlanOf, spec_of
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModel, AutoTokenizer

from ftspec.api import RunError
from ftspec.testing.commands import output_of
from ftspec.testing.runs import Listener, compile_plan, execute_plan, predict_texts

TEXTS = ["a large wild cat with a striped coat", "a tool to cut with"]
AUTO = "performance.precision=auto"
SHORT = ("training.max_steps=2", "training.save_strategy=no", "training.eval_strategy=no")


@pytest.fixture
def narrow_spec(tmp_path: Path, bert: Path, rows: Path) -> str:
    """The spec of a classifier whose checkpoint is stored in bf16."""
    folder = tmp_path / "narrow"
    AutoModel.from_pretrained(bert).to(torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(bert).save_pretrained(folder)
    return spec_of("bert", folder, rows)


def bytes_of(parameters: Iterable[nn.Parameter]) -> int:
    return sum(one.numel() * one.element_size() for one in parameters)


@pytest.mark.slow
def test_the_base_takes_two_bytes_a_weight(plan_of: PlanOf, narrow_spec: str) -> None:
    watcher = Listener()
    run = compile_plan(plan_of(narrow_spec, (AUTO, *SHORT)), watcher)
    frozen = [one for one in run.model.parameters() if not one.requires_grad]
    trained = [one for one in run.model.parameters() if one.requires_grad]

    assert {one.dtype for one in frozen} == {torch.bfloat16}
    assert {one.dtype for one in trained} == {torch.float32}
    assert bytes_of(frozen) == 2 * sum(one.numel() for one in frozen)
    assert run.precision == "bf16"
    assert any(note.startswith("computing in bf16") for note in watcher.notes)
    before = [one.detach().clone() for one in trained]
    run.trainer.train()
    assert any(not torch.equal(*pair) for pair in zip(before, trained, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "dtype"),
    [
        ((AUTO, "model.dtype=fp32"), torch.float32),
        (("performance.precision=fp32",), torch.float32),
        ((AUTO, "model.dtype=bf16"), torch.bfloat16),
    ],
)
def test_the_spec_may_ask_for_another(
    plan_of: PlanOf, narrow_spec: str, overrides: tuple[str, ...], dtype: torch.dtype
) -> None:
    run = compile_plan(plan_of(narrow_spec, (*overrides, *SHORT)))

    frozen = {one.dtype for one in run.model.parameters() if not one.requires_grad}
    assert frozen == {dtype}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "dtype"), [((), torch.bfloat16), (("--dtype", "fp32"), torch.float32)]
)
def test_prediction_and_export_follow(
    plan_of: PlanOf, narrow_spec: str, tmp_path: Path, options: tuple[str, ...], dtype: torch.dtype
) -> None:
    plan = plan_of(narrow_spec, (AUTO, *SHORT))
    run_dir = execute_plan(plan)

    given = predict_texts(plan, run_dir, TEXTS)
    output_of("export", run_dir.path, tmp_path / "out", "--merge", *options)

    assert all(0 <= score <= 1 for one in given for score in one["scores"].values())
    weights = load_file(tmp_path / "out" / "model.safetensors")
    assert {one.dtype for one in weights.values()} == {dtype}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        (("model.dtype=bf16",), "weights in bf16 are not computed in fp32"),
        (("model.dtype=fp16", AUTO, "training.use_cpu=true"), "a CPU does not compute in fp16"),
    ],
)
def test_what_cannot_be_computed_is_refused(
    plan_of: PlanOf, narrow_spec: str, overrides: tuple[str, ...], why: str
) -> None:
    with pytest.raises(RunError, match=why) as caught:
        compile_plan(plan_of(narrow_spec, (*overrides, *SHORT)))
    assert caught.value.at == ("model", "dtype")
