"""The specs of this package, run and used from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ftspec.cli import main

SPECS = Path(__file__).parents[1] / "specs"


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
def test_run_then_predict(
    name: str, result: str, ftspec: Callable[..., str], tmp_path: Path
) -> None:
    spec = SPECS / f"{name}.yaml"
    said = ftspec("run", spec, "--profile", "smoke", "--output-dir", tmp_path / "runs")
    assert result in said
    (run_dir,) = (tmp_path / "runs" / name.replace("_", "-")).iterdir()
    template = (run_dir / "model" / "chat_template.jinja").read_text()
    assert "add_generation_prompt" in template
    questions = ["What is a lumpfish?", "What is a hipbone?"]
    printed = ftspec("predict", run_dir, "--format", "json", *questions)
    answers = [json.loads(line) for line in printed.splitlines()]
    assert [answer["prompt"] for answer in answers] == questions
    assert all(isinstance(answer["text"], str) for answer in answers)
