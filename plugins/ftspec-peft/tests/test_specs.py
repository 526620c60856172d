"""The spec with real weights, run by the command line as users do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import transformers

from ftspec.cli import main

pytestmark = pytest.mark.slow

SPEC = Path(__file__).parents[1] / "specs" / "lora_minilm.yaml"
CAT = "a large wild cat with a striped coat"


@pytest.fixture
def ftspec(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """What the command prints, which must end well; in this process, which has imported torch."""

    def run(*arguments: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", ["ftspec", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        assert end.value.code == 0, said.out + said.err
        assert "Traceback" not in said.err
        return said.out

    return run


def test_minilm_learns_topics_with_an_adapter(ftspec: Callable[..., str], tmp_path: Path) -> None:
    ftspec(
        *("run", SPEC, "--output-dir", tmp_path, "--set", "training.max_steps=24"),
        *("--set", "training.per_device_train_batch_size=16"),
        *("--set", "data.splits.test=test[:100]"),
        *("--set", "data.splits.validation=validation[:50]"),
    )
    [run_dir] = tmp_path.glob("lora-minilm/*")
    parameters = json.loads((run_dir / "lock.json").read_text())["parameters"]
    assert parameters["trained"] == 340_230  # 8 ranks beside 37 layers, and the head
    metrics = json.loads((run_dir / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.6  # guessing gives 0.17

    given = json.loads(ftspec("predict", run_dir, CAT, "--format", "json"))
    assert given["label"] == "animal"

    ftspec("export", run_dir, tmp_path / "whole", "--merge")
    classify = transformers.pipeline("text-classification", model=str(tmp_path / "whole"))
    [merged] = classify([CAT])
    assert merged["label"] == "animal"
    assert merged["score"] == pytest.approx(given["score"], abs=1e-4)
