"""Prediction renders the template as training did, what it reads from the environment included."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.cli import cli
from ftspec.cli.exits import guarded
from ftspec.rundir import RunDirectory
from tests.engine import rows
from tests.engine.running import Engine

SPEC = """\
ftspec: 1
name: topics
data:
  source: {type: json, files: "%s"}
preprocess:
  template: {text: "${env:PREFIX} {text}", label: "{topic}"}
tokenizer: {max_length: 16}
model: {checkpoint: "%s"}
task: text-classification
training: {max_steps: 2, learning_rate: 0.05}
performance: {precision: fp32}
"""


@pytest.fixture
def trained(engine: Engine, bert: Path, tmp_path: Path) -> RunDirectory:
    """A run whose template began with "plant"."""
    path = tmp_path / "rows.jsonl"
    rows.write_rows(path, rows.glosses(40))
    return engine.execute(SPEC % (path, bert), environment={"PREFIX": "plant"}).run_dir


def predict(
    run_dir: RunDirectory, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, str, str]:
    arguments = ["predict", str(run_dir.path), "a cat", *options]
    code = guarded(lambda: cli.main(arguments, "ftspec", standalone_mode=False))
    return code, *capsys.readouterr()


def test_variable_of_the_template_must_be_set(
    trained: RunDirectory,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("PREFIX", raising=False)
    code, _, said = predict(trained, capsys)
    assert code == 2
    assert 'the template reads the environment variable "PREFIX", which is not set' in said

    answers = {}
    for value in ("plant", "animal"):
        monkeypatch.setenv("PREFIX", value)
        code, answers[value], _ = predict(trained, capsys, "--json")
        assert code == 0
    assert answers["plant"] != answers["animal"]  # the value is in what the model reads
