"""What a CPU cannot show: kernels that take 16 bits, memory that really runs out, and the choices a
run makes for a GPU."""

from __future__ import annotations

import json
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from ftspec.engine.model.variable_length_attention import attend_variable_length
from tests.cli.command import run
from tests.engine.gradients import GradientRecorder, Gradients
from tests.engine.running import Engine, Recorder
from tests.engine.specs import AT_ONCE, CONFIGS, PADDED, STANDING_STILL, spec_of, with_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]

BF16, FP32 = "performance.precision=bf16", "performance.precision=fp32"
CLOSE_IN_BF16 = 0.03
"""Of the norm: eight bits round by up to 0.4 %, and layers add up."""


def distance(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours.double().cpu() - theirs).norm() / theirs.norm())


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize(("causal", "window"), [(True, None), (True, 5), (False, None)])
@pytest.mark.parametrize(("heads", "of_keys", "width"), [(4, 4, 64), (4, 2, 96), (6, 1, 128)])
def test_the_kernel_computes_what_rows_compute_one_by_one(
    precision: torch.dtype,
    causal: bool,
    window: int | None,
    heads: int,
    of_keys: int,
    width: int,
) -> None:
    generator = torch.Generator().manual_seed(0)
    lengths = torch.tensor([7, 1, 130, 64])
    edges = nn.functional.pad(lengths.cumsum(0), (1, 0)).int()
    tokens = int(edges[-1])
    shapes = [(1, heads, tokens, width), (1, of_keys, tokens, width), (1, of_keys, tokens, width)]
    inputs = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    upstream = torch.randn((1, tokens, heads, width), generator=generator, dtype=torch.float64)
    found = []
    for device, kind in (("cpu", torch.float64), ("cuda", precision)):
        line = [one.to(device, kind, copy=True).requires_grad_() for one in inputs]
        out, _ = attend_variable_length(
            nn.Module(),
            *line,
            None,
            is_causal=causal,
            sliding_window=window,
            cu_seq_lens_q=edges.to(device),
            max_length_q=130,
        )
        (out * upstream.to(device, kind)).sum().backward()
        found.append([out.detach(), *(one.grad for one in line)])
    for theirs, ours in zip(*found, strict=True):
        assert ours is not None
        assert theirs is not None
        assert distance(ours, theirs) < CLOSE_IN_BF16


def test_the_kernel_drops_what_is_asked() -> None:
    """Without bias: the mean of many masks is what is computed without one."""
    query, key, value = (torch.randn(1, 2, 50, 64, device="cuda").bfloat16() for _ in "qkv")
    edges = torch.tensor([0, 20, 50], dtype=torch.int32, device="cuda")

    def attend(dropout: float) -> torch.Tensor:
        out, _ = attend_variable_length(
            nn.Module(),
            query,
            key,
            value,
            None,
            dropout=dropout,
            cu_seq_lens_q=edges,
            max_length_q=30,
        )
        return out.float()

    plain, masked = attend(0.0), torch.stack([attend(0.1) for _ in range(500)])
    assert not masked[0].equal(masked[1])
    assert float((masked.mean(0) - plain).norm() / plain.norm()) < 0.05


def learned(trainer: Any) -> list[Gradients]:
    recorder = GradientRecorder()
    trainer.add_callback(recorder)
    trainer.args.max_grad_norm = 0.0
    trainer.train()
    return recorder.steps


def assert_close(ours: list[Gradients], theirs: list[Gradients], tolerance: float) -> None:
    assert len(ours) == len(theirs) > 0
    for own, other in zip(ours, theirs, strict=True):
        whole = torch.cat([one.pack().double() for one in other.values()])
        off = torch.cat([(own[name].double() - other[name]).pack() for name in other])
        assert float(off.norm() / whole.norm()) < tolerance


@pytest.mark.parametrize("model", ["gpt2", *CONFIGS])
def test_a_run_leaves_padding_out_and_learns_the_same(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path, gpt2: Path, model: str
) -> None:
    spec = spec_of(request, "rows of text")
    if model in CONFIGS:
        spec = with_model(spec, gpt2, tmp_path / "model", CONFIGS[model])
    exact = learned(engine.compile(spec, *AT_ONCE, *STANDING_STILL, PADDED, FP32).trainer)
    for more in ((), ("training.gradient_checkpointing=true",)):
        trainer: Any = engine.compile(spec, *AT_ONCE, *STANDING_STILL, BF16, *more).trainer
        assert trainer.model.config._attn_implementation == "variable_length"
        assert not trainer.pads
        assert_close(learned(trainer), exact, CLOSE_IN_BF16)
        assert trainer.token_counts.real == trainer.token_counts.padded


@pytest.mark.parametrize("case", ["single-label", "pairs"])
def test_layers_of_an_encoder_get_text_alone_and_learn_the_same(
    engine: Engine, request: pytest.FixtureRequest, case: str
) -> None:
    spec = spec_of(request, case)
    exact = learned(engine.compile(spec, *AT_ONCE, *STANDING_STILL, PADDED, FP32).trainer)
    for more in ((), ("training.gradient_checkpointing=true",)):
        trainer: Any = engine.compile(spec, *AT_ONCE, *STANDING_STILL, BF16, *more).trainer
        assert trainer.micro_batching.form == "packed_layers"
        assert_close(learned(trainer), exact, CLOSE_IN_BF16)
        assert trainer.token_counts.real == trainer.token_counts.padded


def test_a_run_chooses_for_the_device(engine: Engine, request: pytest.FixtureRequest) -> None:
    watcher = Recorder()
    spec = spec_of(request, "single-label")
    run_dir = engine.execute(
        spec, *AT_ONCE, "performance.precision=auto", watcher=watcher
    ).run_dir.path

    said = "\n".join(watcher.notes)
    assert f"computing in bf16: {torch.cuda.get_device_name()}" in said
    assert json.loads((run_dir / "lock.json").read_text())["attention"] == "variable_length"
    account = json.loads((run_dir / "performance.json").read_text())
    assert account["memory"]["peak_device_bytes"] > 0
    loading = engine.compile(spec, *AT_ONCE).trainer.args
    assert loading.dataloader_pin_memory
    assert loading.dataloader_num_workers > 0


def test_steps_do_not_wait_for_the_device(engine: Engine, request: pytest.FixtureRequest) -> None:
    """From the end of the first to that of the last but one, an epoch's end among them. In each
    the model itself asks whether there is padding, and whether rows lie in a line."""
    spec = spec_of(request, "rows of text")
    trainer: Any = engine.compile(spec, *AT_ONCE, BF16, "training.logging_steps=100").trainer
    assert trainer.micro_batching.form == "packed"
    trainer.add_callback(NoWaiting())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            trainer.train()
        finally:
            torch.cuda.set_sync_debug_mode("default")

    waited = Counter(
        Path(one.filename).name for one in caught if str(one.message).startswith("called a sync")
    )
    assert waited == {"_tensor.py": 4, "modeling_utils.py": 4, "masking_utils.py": 4}


class NoWaiting(TrainerCallback):
    """Has torch warn of what waits for the device."""

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        is_watched = 1 <= state.global_step < state.max_steps - 1
        torch.cuda.set_sync_debug_mode("warn" if is_watched else "default")


@pytest.mark.parametrize("case", ["single-label", "summarization"])
def test_exact_batching_on_the_device(
    engine: Engine, request: pytest.FixtureRequest, case: str
) -> None:
    spec = spec_of(request, case)
    more = (*AT_ONCE, *STANDING_STILL, FP32)
    padded = learned(engine.compile(spec, *more, PADDED).trainer)
    cut = learned(engine.compile(spec, *more, "performance.micro_batch_overhead_tokens=0").trainer)

    assert_close(cut, padded, 1e-4)


def test_a_step_is_made_of_what_fits(engine: Engine, request: pytest.FixtureRequest) -> None:
    """All memory but a little is taken; with half of the micro-batch the step fits."""
    spec = spec_of(request, "single-label")
    settings = (*AT_ONCE, *STANDING_STILL, FP32, "performance.micro_batch_overhead_tokens=1000000")
    undisturbed = learned(engine.compile(spec, *settings).trainer)
    trainer: Any = engine.compile(spec, *settings).trainer
    said: list[str] = []
    trainer.micro_batching.warn = said.append
    hungry = _needs_much(trainer.model, bytes_per_token=1 << 21)
    free, _ = torch.cuda.mem_get_info()
    taken = torch.empty(max(0, free - (1 << 29)), dtype=torch.uint8, device="cuda")
    try:
        gradients = learned(trainer)
    finally:
        hungry.remove()
        del taken
        torch.cuda.empty_cache()

    assert len(said) >= 1
    assert said[0].startswith("out of memory at a micro-batch of 16 rows")
    assert_close(gradients, undisturbed, 1e-4)


def _needs_much(model: nn.Module, bytes_per_token: int) -> Any:
    """As if each token had large activations."""

    def allocate(module: nn.Module, arguments: Any, inputs: dict[str, torch.Tensor]) -> None:
        tokens = inputs["input_ids"].numel()
        torch.empty(tokens * bytes_per_token, dtype=torch.uint8, device="cuda")

    return model.register_forward_pre_hook(allocate, with_kwargs=True)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there are fewer than two CUDA devices")
def test_fsdp_shards_the_model_and_saves_it_whole(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """In two processes, each with a device of its own; before the first step, the run itself looks
    whether the parameters are sharded."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(spec_of(request, "single-label"), encoding="utf-8")
    launch = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    arguments = ("--set", "training.fsdp=true", "--set", "training.max_steps=2")
    done = run([*launch, "-m", "ftspec", "run", str(spec), *arguments], cwd=tmp_path)

    assert done.code == 0, done.said
    [run_dir] = tmp_path.glob("runs/*/*")
    assert json.loads((run_dir / "lock.json").read_text())["wrapper"] == "fsdp"
    saved = AutoModelForSequenceClassification.from_pretrained(run_dir / "model")
    asked = AutoConfig.from_pretrained(run_dir / "model")
    whole = AutoModelForSequenceClassification.from_config(asked).state_dict()
    assert {name: one.shape for name, one in saved.state_dict().items()} == {
        name: one.shape for name, one in whole.items()
    }
