"""The specs of this package, run and used from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ftspec.testing.commands import output_of

SPECS = Path(__file__).parents[1] / "specs"


def test_data_is_what_its_script_builds(tmp_path: Path) -> None:
    copied = tmp_path / "plugins" / "ftspec-preference" / "specs" / "data"
    copied.mkdir(parents=True)
    (copied / "build.py").write_bytes((SPECS / "data" / "build.py").read_bytes())
    (tmp_path / "specs").symlink_to(SPECS.parents[2] / "specs")
    subprocess.run([sys.executable, "build.py"], cwd=copied, check=True, timeout=900)
    built = sorted(copied.glob("*.jsonl"))
    assert len(built) == 4
    for path in built:
        assert path.read_bytes() == (SPECS / "data" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("name", "result"), [("wordnet_chat", "perplexity"), ("wordnet_dpo", "rewards/accuracies")]
)
def test_run_then_predict(name: str, result: str, tmp_path: Path) -> None:
    spec = SPECS / f"{name}.yaml"
    said = output_of("run", spec, "--profile", "smoke", "--output-dir", tmp_path / "runs")
    assert result in said
    (run_dir,) = (tmp_path / "runs" / name.replace("_", "-")).iterdir()
    template = (run_dir / "model" / "chat_template.jinja").read_text()
    assert "add_generation_prompt" in template
    questions = ["What is a lumpfish?", "What is a hipbone?"]
    printed = output_of("predict", run_dir, "--format", "json", *questions)
    answers = [json.loads(line) for line in printed.splitlines()]
    assert [answer["prompt"] for answer in answers] == questions
    assert all(isinstance(answer["text"], str) for answer in answers)
