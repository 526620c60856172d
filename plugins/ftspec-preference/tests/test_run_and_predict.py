"""The specs of this package, run and used from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SPECS = Path(__file__).parents[1] / "specs"


def ftspec(*arguments: str, folder: Path) -> str:
    """What the command prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "ftspec", *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_specs_lint_clean(tmp_path: Path) -> None:
    assert ftspec("lint", "--format", "concise", str(SPECS), folder=tmp_path) == ""


def test_data_is_what_its_script_builds(tmp_path: Path) -> None:
    copied = tmp_path / "plugins" / "ftspec-preference" / "specs" / "data"
    copied.mkdir(parents=True)
    (copied / "build.py").write_bytes((SPECS / "data" / "build.py").read_bytes())
    (tmp_path / "specs").symlink_to(SPECS.parents[2] / "specs")
    subprocess.run([sys.executable, "build.py"], cwd=copied, check=True, timeout=60)
    built = sorted(copied.glob("*.jsonl"))
    assert len(built) == 4
    for path in built:
        assert path.read_bytes() == (SPECS / "data" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("name", "result"), [("wordnet_chat", "perplexity"), ("wordnet_dpo", "rewards/accuracies")]
)
def test_run_then_predict(name: str, result: str, tmp_path: Path) -> None:
    spec = SPECS / f"{name}.yaml"
    said = ftspec("run", str(spec), "--profile", "smoke", folder=tmp_path)
    assert result in said
    (run_dir,) = (tmp_path / "runs" / name.replace("_", "-")).iterdir()
    template = (run_dir / "model" / "chat_template.jinja").read_text()
    assert "add_generation_prompt" in template
    questions = ["What is a lumpfish?", "What is a hipbone?"]
    printed = ftspec("predict", str(run_dir), "--json", *questions, folder=tmp_path)
    answers = [json.loads(line) for line in printed.splitlines()]
    assert [answer["prompt"] for answer in answers] == questions
    assert all(isinstance(answer["text"], str) for answer in answers)
