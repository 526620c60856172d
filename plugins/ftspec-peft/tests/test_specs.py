"""The spec with real weights, run from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import transformers

from ftspec.testing.commands import output_of

pytestmark = pytest.mark.slow

SPEC = Path(__file__).parents[1] / "specs" / "lora_minilm.yaml"
CAT = "a large wild cat with a striped coat"


def test_minilm_learns_topics_with_an_adapter(tmp_path: Path) -> None:
    output_of(
        *("run", SPEC, "--output-dir", tmp_path, "--set", "training.max_steps=24"),
        *("--set", "training.per_device_train_batch_size=16"),
        *("--set", "data.splits.test=test[:100]"),
        *("--set", "data.splits.validation=validation[:50]"),
    )
    [run_dir] = tmp_path.glob("lora-minilm/*")
    parameters = json.loads((run_dir / "lock.json").read_text())["parameters"]
    assert parameters["trained"] == 340_230  # rank 8 in 37 layers, and the head
    metrics = json.loads((run_dir / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.6  # chance is 0.17

    given = json.loads(output_of("predict", run_dir, CAT, "--format", "json"))
    assert given["label"] == "animal"

    output_of("export", run_dir, tmp_path / "whole", "--merge")
    classify = transformers.pipeline("text-classification", model=str(tmp_path / "whole"))
    [merged] = classify([CAT])
    assert merged["label"] == "animal"
    assert merged["score"] == pytest.approx(given["score"], abs=1e-4)
