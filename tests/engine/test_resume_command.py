"""Ctrl-C and ``--resume`` at the command line: real signals to real processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ftspec.cli import cli
from ftspec.cli.terminal.exits import guarded
from ftspec.rundir import RunDirectory
from tests.engine import rows
from tests.engine.running import Engine, logged

pytestmark = pytest.mark.slow

PATIENCE = 900.0  # seconds: machines that run tests may be slow
STEPS = 240

SPEC = f"""\
ftspec: 1
name: topics
data:
  source: {{type: json, files: rows.jsonl}}
  splits: {{train: "train[:-10]", validation: "train[-10:]"}}
preprocess: {{template: {{text: "{{text}}", label: "{{topic}}"}}}}
tokenizer: {{max_length: 32}}
model: {{checkpoint: "%s"}}
task: text-classification
training:
  max_steps: {STEPS}
  per_device_train_batch_size: 8
  learning_rate: 1e-3
  logging_steps: 1
  save_strategy: "no"
performance: {{precision: fp32}}
"""


@dataclass(frozen=True)
class Desk:
    """A folder with a spec and its rows, and runs started from there."""

    folder: Path

    @property
    def spec(self) -> Path:
        return self.folder / "spec.yaml"

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A process of ``ftspec run``."""
        own = {"OMP_NUM_THREADS": "1", "HF_HOME": str(self.folder / "hf")}
        process = subprocess.Popen(
            [sys.executable, "-m", "ftspec", "run", str(self.spec), *arguments],
            cwd=self.folder,
            env=os.environ | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def interrupt(
        self, when: Callable[[], bool], *arguments: str, number: int = signal.SIGINT
    ) -> str:
        """Run until ``when``, send a signal, expect exit code 130; what it said."""
        with self.running(*arguments) as process:
            wait_until(lambda: when() or process.poll() is not None)
            process.send_signal(number)
            said = process.communicate(timeout=PATIENCE)[1]
            assert process.returncode == 130, said
        return said

    def runs(self) -> list[RunDirectory]:
        """The run directories there are."""
        return [RunDirectory(path) for path in sorted(self.folder.glob("runs/topics/*"))]

    def has_made(self, steps: int) -> bool:
        """Whether the last run has logged so many steps."""
        files = [run_dir.path / "metrics.jsonl" for run_dir in self.runs()[-1:]]
        return any(f'"step": {steps},' in file.read_text() for file in files if file.exists())

    def has_said(self, words: str) -> bool:
        """Whether the log of the last run has these words."""
        logs = [run_dir.log for run_dir in self.runs()[-1:]]
        return any(words in log.read_text() for log in logs if log.exists())


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again and again, every few milliseconds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def run_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str]:
    """``ftspec run`` in this process, which has imported torch already: exit code and output."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_UPDATE_DOWNLOAD_COUNTS", "0")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    capsys.readouterr()
    code = guarded(lambda: cli.main(["run", *arguments], "ftspec", standalone_mode=False))
    return code, "".join(capsys.readouterr())


@pytest.fixture
def desk(tmp_path: Path, bert: Path) -> Desk:
    """A spec that takes a few seconds."""
    rows.write_rows(tmp_path / "rows.jsonl", rows.glosses(200))
    (tmp_path / "spec.yaml").write_text(SPEC % bert, encoding="utf-8")
    return Desk(tmp_path)


def test_interrupted_twice_and_resumed(
    desk: Desk,
    engine: Engine,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = ("--output-dir", str(desk.folder / "runs"))
    said = desk.interrupt(lambda: desk.has_made(20), *output)
    (run_dir,) = desk.runs()
    checkpoint = run_dir.latest_checkpoint()

    assert run_dir.status()["status"] == "interrupted"
    assert checkpoint is not None
    assert checkpoint.name == f"checkpoint-{logged(run_dir)[-1]['step']}"
    assert "stopping after this step, with a checkpoint" in said
    assert f"--resume {run_dir.path}" in said
    assert "Traceback" not in said

    # the folder by its name, and Ctrl-C again; a step past where it was
    half = STEPS // 2
    said = desk.interrupt(lambda: desk.has_made(half), *output, "--resume", str(run_dir.path))
    assert f"resuming from step {checkpoint.name.rpartition('-')[2]}" in said
    assert run_dir.status()["status"] == "interrupted"

    # another spec is refused, and leaves the run alone
    resume = ("--resume", str(run_dir.path))
    code, said = run_here(capsys, monkeypatch, str(desk.spec), *output, *resume, "--set", "seed=1")
    assert (code, run_dir.status()["status"]) == (2, "interrupted")
    assert "the spec is not the one that" in said

    # so are other rows
    data = (desk.folder / "rows.jsonl").read_text(encoding="utf-8")
    (desk.folder / "rows.jsonl").write_text(data.replace("animal", "beast"), encoding="utf-8")
    code, said = run_here(capsys, monkeypatch, str(desk.spec), *output, *resume)
    assert (code, run_dir.status()["status"]) == (1, "interrupted")
    assert "error[lock-drift]: the data changed since the run began" in said
    (desk.folder / "rows.jsonl").write_text(data, encoding="utf-8")

    # found by itself
    code, said = run_here(capsys, monkeypatch, str(desk.spec), *output, "--resume", "auto")
    assert code == 0, said
    assert desk.runs() == [run_dir]
    assert run_dir.status()["status"] == "finished"
    assert re.search(r"resuming from step \d+", said)

    # and it is the run that nobody interrupted
    spec = desk.spec.read_text(encoding="utf-8").replace("rows.jsonl", f"{desk.folder}/rows.jsonl")
    whole = engine.execute(spec)
    assert losses(run_dir) == pytest.approx(losses(whole.run_dir), abs=1e-5)

    # of which nothing is left to do
    code, said = run_here(capsys, monkeypatch, str(desk.spec), *output, *resume)
    assert code == 0
    assert "is finished: nothing is left to do" in said

    # until its model is damaged
    weights = run_dir.model / "model.safetensors"
    saved = weights.read_bytes()
    weights.write_bytes(saved[:1000])
    code, said = run_here(capsys, monkeypatch, str(desk.spec), *output, *resume)
    assert code == 0, said
    assert weights.read_bytes() == saved


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_data_is_prepared(
    desk: Desk,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    rows.write_rows(desk.folder / "rows.jsonl", rows.glosses(2000) * 30)
    output = ("--output-dir", str(desk.folder / "runs"))

    said = desk.interrupt(lambda: desk.has_said("train: 59,"), *output, number=number)

    (run_dir,) = desk.runs()
    assert run_dir.status()["status"] == "interrupted"
    assert "training" not in run_dir.status()["times"]
    assert run_dir.latest_checkpoint() is None
    assert "interrupted; what the run has written is in" in said
    assert "Traceback" not in said
    code, said = run_here(
        capsys, monkeypatch, str(desk.spec), *output, "--resume", str(run_dir.path)
    )
    assert code == 2
    assert "there is no checkpoint" in said


def losses(run_dir: RunDirectory) -> list[float]:
    """The loss of every step, in order; each step once."""
    records = [record for record in logged(run_dir) if "loss" in record]
    assert [record["step"] for record in records] == list(range(1, STEPS + 1))
    return [record["loss"] for record in records]
