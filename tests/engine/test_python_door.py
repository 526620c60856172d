"""`ftspec.run` and `ftspec.load` in a process that goes on."""

from __future__ import annotations

import gc
import json
import logging
import os
import pickle
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

import ftspec
from ftspec.rundir import RunDirectory
from ftspec.running.failure_text import errors_explained
from tests.engine.running import Engine

pytestmark = pytest.mark.slow

SPEC = """\
ftspec: 1
name: door
data:
  source: {type: json, files: "%(rows)s"}
  splits: {train: "train[:32]", validation: "train[32:48]"}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 40}
model: {checkpoint: "%(model)s"}
task: text-classification
training: {max_steps: 2, per_device_train_batch_size: 8, logging_steps: 1}
performance: {precision: fp32}
"""
MANY = {"training.max_steps": 40, "training.save_steps": 4, "training.save_total_limit": 1}


@pytest.fixture(scope="module")
def text(bert: Path, glosses: Path) -> str:
    return SPEC % {"rows": glosses, "model": bert}


@pytest.fixture
def spec(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "spec.yaml"


def state() -> dict[str, Any]:
    """What a process has that a run might change."""
    numbers = (1, 2, 10, 12, 15)
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109 - as the process has it
        "arguments": list(sys.argv),
        "garbage": (gc.isenabled(), gc.get_threshold()),
        "logging": (logging.getLogRecordFactory(), list(logging.getLogger().handlers)),
        "warnings": (warnings.formatwarning, warnings.showwarning, list(warnings.filters)),
        "signals": [signal.getsignal(number) for number in numbers],
        "random": (random.getstate(), torch.get_rng_state().tolist()),
        "torch": (torch.get_default_dtype(), torch.get_num_threads()),
        "output": (sys.stdout, sys.stderr, sys.excepthook),
    }


def test_a_run_is_that_of_the_command_and_changes_nothing(
    spec: Path, text: str, engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    expected = engine.execute(text).metrics
    capfd.readouterr()
    before, frozen = state(), gc.get_freeze_count()
    first = ftspec.run(spec, output_dir="out")
    second = ftspec.run(yaml.safe_load(text), overrides={"name": "again"})

    assert state() == before
    assert gc.get_freeze_count() < frozen + 1000  # a freeze would add a hundred thousand
    assert capfd.readouterr() == ("", "")
    assert first.status == second.status == "finished"
    assert first.path.parent == Path.cwd() / "out" / "door"
    assert second.path.parent.parts[-2:] == ("runs", "again")
    assert first.metrics == second.metrics
    assert first.metrics == {
        f"{of_set}/{name}": value
        for of_set, metrics in expected.items()
        for name, value in metrics.items()
    }
    assert first.plan.name == "door"
    command = json.loads((second.path / "lock.json").read_text())["command"]
    assert command == ["ftspec.run", "<spec>", "--set", "name=again"]


def test_a_loaded_run_predicts_and_shows_itself(spec: Path) -> None:
    made = ftspec.run(spec)
    loaded = ftspec.load(str(made.path))

    rows = [{"text": "a large wild cat", "more": 1}, "a fruit"]
    found = loaded.predict(rows)
    again = made.predict(iter(rows), batch_size=1)
    assert [one["label"] for one in again] == [one["label"] for one in found]
    assert [one["score"] for one in again] == pytest.approx([one["score"] for one in found])
    assert [set(one) for one in found] == [{"label", "score", "scores"}] * 2
    assert loaded.predict([]) == []
    assert loaded.metrics == made.metrics
    assert loaded.plan == made.plan
    sent = pickle.loads(pickle.dumps(loaded))
    assert (sent.path, sent.metrics) == (loaded.path, loaded.metrics)
    page = loaded._repr_html_()
    assert page is not None
    assert "<strong>door</strong> finished" in page
    assert '<th scope="row" class="text">accuracy</th>' in page
    assert repr(loaded) == f"<ftspec run '{made.path}', finished>"

    for wrong, said in (
        ("a text", "write predict([row])"),
        ({"text": "x"}, "write predict([row])"),
        (None, "write predict([row])"),
        ([3], "row 1 is neither a mapping nor a text: 3"),
    ):
        with pytest.raises(ftspec.UsageError) as raised:
            loaded.predict(wrong)  # type: ignore[arg-type]
        assert said in str(raised.value)
    with pytest.raises(ftspec.RunError) as missing:
        loaded.predict([{"text": "x"}, {"txt": "x"}])
    assert 'error[unknown-column]: the input has no column "text" (row 2)' in str(missing.value)


def test_a_run_works_in_a_thread_and_one_at_a_time(spec: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(ftspec.run, spec, overrides=MANY)
        begun()
        with pytest.raises(ftspec.UsageError, match="another thread of this process runs a spec"):
            ftspec.run(spec)
        assert running.result().status == "finished"


def begun() -> Path:
    """The directory of the run in the current folder, when it has a checkpoint."""
    for _ in range(6000):
        found = [*Path("runs").glob("*/*/checkpoints/checkpoint-*/manifest.json")]
        if found:
            return found[0].parents[2]
        time.sleep(0.01)
    raise AssertionError("no checkpoint comes")


def interrupted_by(numbers: tuple[int, ...]) -> Callable[[], None]:
    """Send signals to this process when a run in it trains."""

    def send() -> None:
        begun()
        for number in numbers:
            os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    return thread.join


def test_a_signal_saves_a_checkpoint_and_raises(spec: Path) -> None:
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    wait = interrupted_by((signal.SIGTERM,))
    with pytest.raises(ftspec.RunInterruptedError) as raised:
        ftspec.run(spec, overrides=MANY)
    wait()

    stop = raised.value
    folder = stop.run_dir.path
    assert handlers == [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    assert stop.checkpoint is not None
    assert str(stop).splitlines() == [
        "interrupted",
        f"what the run has written is in {folder}, its log is log.txt",
        f'go on with: ftspec.run(…, resume="{folder}")',
    ]
    assert ftspec.load(folder).status == "interrupted"
    resumed = ftspec.run(spec, overrides=MANY, resume="auto")
    assert (resumed.path, resumed.status) == (folder, "finished")
    assert ftspec.run(spec, overrides=MANY, resume=folder).metrics == resumed.metrics


def test_a_mistake_in_the_data_has_its_place(spec: Path) -> None:
    labels = "task: {type: text-classification, labels: [animal, plant]}"
    spec.write_text(spec.read_text().replace("task: text-classification", labels), encoding="utf-8")
    with pytest.raises(ftspec.FtspecError) as raised:
        ftspec.run(spec)
    assert "error[" in str(raised.value)
    assert " --> spec.yaml:" in str(raised.value)


def test_what_cannot_shard_is_refused_before_any_row_is_prepared(spec: Path) -> None:
    with pytest.raises(ftspec.RunError, match="splits the model over processes") as raised:
        ftspec.run(spec, overrides={"training.fsdp": True})
    assert (raised.value.slug, raised.value.at) == ("not-sharded", ("training", "fsdp"))
    folder = raised.value.run_folder
    assert folder is not None
    assert ftspec.load(folder).status == "failed"
    assert "preparing data" not in (folder / "log.txt").read_text(encoding="utf-8")


def test_an_error_has_no_secret(engine: Engine, text: str) -> None:
    place = "very-secret-place"
    plan = engine.plan(f'{text}output: {{dir: "${{env:PLACE}}"}}\n', environment={"PLACE": place})
    mistake = ftspec.RunError(f"no {place}", slug="x", helps=(f"or {place}",))
    with pytest.raises(ftspec.RunError) as raised, errors_explained(plan):
        raise mistake from OSError(f"no {place}")
    assert str(raised.value) == "error[x]: no ${env:PLACE}\n  = help: or ${env:PLACE}"
    assert raised.value.__suppress_context__
    assert raised.value.__cause__ is None


def test_a_failure_outside_ftspec_names_its_log(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("the device fell off")

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    with pytest.raises(ftspec.RunFailedError) as raised:
        ftspec.run(spec)
    folder = raised.value.run_dir.path
    assert str(raised.value).splitlines() == [
        "error: the run failed: RuntimeError: the device fell off",
        f"the traceback is in {folder / 'log.txt'}",
        f"what the run has written is in {folder}, its log is log.txt",
    ]
    assert RunDirectory(folder).status()["status"] == "failed"
    again = pickle.loads(pickle.dumps(raised.value))  # as pools of processes and Ray send it
    assert (type(again), str(again)) == (ftspec.RunFailedError, str(raised.value))
    assert again.run_dir == raised.value.run_dir


def test_findings_are_errors_with_all_of_them_and_warnings(spec: Path) -> None:
    with pytest.raises(ftspec.SpecError) as raised:
        ftspec.run(spec, overrides={"training.lerning_rate": 1, "modell": 2})
    error = raised.value
    assert [one.slug for one in error.diagnostics] == ["unknown-key", "unknown-key"]
    assert 'did you mean "learning_rate"?' in str(error)
    assert 'unknown key "modell"' in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.diagnostics) == (str(error), error.diagnostics)
    with pytest.warns(ftspec.FtspecWarning, match="learning-rate") as warned:
        ftspec.run(spec, overrides={"training.learning_rate": 7.0})
    assert [one.filename for one in warned] == [__file__]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"output_dir": "s3://bucket/runs"}, '"s3://bucket/runs" is a URL'),
        ({"output_dir": 3}, "output_dir is a path, not 3"),
        ({"resume": True}, "resume is a path, not True"),
        ({"resume": "none"}, '"none" is not a run directory'),
        ({"profile": "smoke"}, 'the spec has no profile "smoke"'),
    ],
    ids=str,
)
def test_wrong_arguments_are_said(spec: Path, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ftspec.FtspecError) as raised:
        ftspec.run(spec, **arguments)
    assert said in str(raised.value)
    with pytest.raises(ftspec.UsageError, match="is not a run directory"):
        ftspec.load(spec.parent)
