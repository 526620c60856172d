"""What a finished run leaves: every file, readable, complete and without secrets."""

from __future__ import annotations

import hashlib
import json
import math
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from ftspec.engine.progress.outcome import Outcome
from ftspec.planning.disk_space import needed_space
from ftspec.rundir import RunDirectory
from tests.engine.running import Engine, Recorder, logged

pytestmark = pytest.mark.slow

TOKEN = "hf_notForAnyEyesButOurs"

SPEC = """\
# a comment that stays
ftspec: 1
name: finished
description: "topics & <definitions>"
data:
  source: {type: json, files: "${env:OUR_ROWS}/glosses.jsonl"}
  splits: {train: "train[:40]", validation: "train[40:60]", test: "train[60:80]"}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 32}
model: {checkpoint: "${env:OUR_MODELS}/bert"}
task: text-classification
training:
  num_train_epochs: 2
  per_device_train_batch_size: 8
  learning_rate: 1e-3
  logging_steps: 1
  eval_strategy: epoch
  save_strategy: epoch
  hub_token: ${env:OUR_TOKEN}
performance: {precision: fp32}
metrics: [accuracy, f1]
callbacks: [{type: generated-samples, count: 2}]
output: {keep_optimizer: true}
"""

FILES = {
    "spec.yaml",
    "spec.resolved.yaml",
    "plan.json",
    "lock.json",
    "status.json",
    "metrics.jsonl",
    "metrics.json",
    "performance.json",
    "data.json",
    "samples.jsonl",
    "report.html",
    "log.txt",
}
FOLDERS = {"checkpoints", "model", "tensorboard"}


@pytest.fixture(scope="module")
def environment(
    bert: Path, glosses: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Secrets: a token, and folders of which nobody shall know the names."""
    models = tmp_path_factory.mktemp("secret_models")
    own_rows = tmp_path_factory.mktemp("secret_rows")
    (models / "bert").symlink_to(bert)
    (own_rows / "glosses.jsonl").symlink_to(glosses)
    return {"OUR_TOKEN": TOKEN, "OUR_MODELS": str(models), "OUR_ROWS": str(own_rows)}


@pytest.fixture(scope="module")
def module_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """One engine for the module, so that there is one finished run to look at."""
    return Engine(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def watcher() -> Recorder:
    """Who watched that run."""
    return Recorder()


@pytest.fixture(scope="module")
def outcome(module_engine: Engine, environment: dict[str, str], watcher: Recorder) -> Outcome:
    """The run."""
    return module_engine.execute(SPEC, environment=environment, watcher=watcher)


@pytest.fixture(scope="module")
def run_dir(outcome: Outcome) -> RunDirectory:
    """Its folder."""
    return outcome.run_dir


def test_every_file_is_there_and_no_other(run_dir: RunDirectory) -> None:
    found = {path.name for path in run_dir.path.iterdir()}
    assert found - {".lock"} == FILES | FOLDERS
    assert run_dir.path.parent.name == "finished"


def test_checkpoint_is_as_large_as_was_said(run_dir: RunDirectory) -> None:
    checkpoint = run_dir.latest_checkpoint()
    assert checkpoint is not None
    weights = (checkpoint / "model.safetensors").stat().st_size
    saved = sum(
        (checkpoint / name).stat().st_size for name in ("model.safetensors", "optimizer.pt")
    )
    said = needed_space(weights, weights, {}, None).checkpoint
    assert saved == pytest.approx(said, rel=0.1)


def test_the_spec_is_kept_to_the_letter(run_dir: RunDirectory) -> None:
    assert (run_dir.path / "spec.yaml").read_text(encoding="utf-8") == SPEC


def test_the_plan_names_every_component(run_dir: RunDirectory) -> None:
    plan = run_dir.read_json("plan.json")
    kinds = [component["kind"] for component in plan["components"]]
    expected = ["source", "tokenizer", "task", "metric", "metric", "callback", "callback"]
    assert kinds == expected  # one of the callbacks is in every run
    resolved = yaml.safe_load(run_dir.resolved_spec.read_text(encoding="utf-8"))
    assert resolved["training"]["hub_token"] == "${env:OUR_TOKEN}"
    assert resolved["task"]["problem"] == "single-label"


def test_the_lock_holds_what_made_the_run(run_dir: RunDirectory, glosses: Path) -> None:
    lock = run_dir.read_json("lock.json")
    assert lock["packages"]["transformers"]
    assert lock["python"]
    assert lock["precision"] == "fp32"
    assert lock["seeds"] == {"run": 42, "data": None}
    assert {name: split["rows"] for name, split in lock["splits"].items()} == {
        "train": 40,
        "validation": 20,
        "test": 20,
    }
    (digest,) = lock["source"]["files"].values()
    assert digest == hashlib.sha256(glosses.read_bytes()).hexdigest()
    assert set(lock["model"]["files"]) >= {"config.json", "model.safetensors", "tokenizer.json"}


def test_the_status_tells_every_time(run_dir: RunDirectory) -> None:
    status = run_dir.status()
    assert status["status"] == "finished"
    assert list(status["times"]) == ["created", "preparing", "training", "finished"]
    assert sorted(status["times"].values()) == list(status["times"].values())


def test_the_rows_are_described(run_dir: RunDirectory) -> None:
    data = run_dir.read_json("data.json")
    rows = {name: one["rows"] for name, one in data.items()}
    assert rows == {"train": 40, "validation": 20, "test": 20}
    assert sum(data["train"]["labels"].values()) == 40
    assert 2 < data["train"]["tokens"]["median"] <= data["train"]["tokens"]["longest"] <= 32
    assert (run_dir.path / "samples.jsonl").read_text(encoding="utf-8").count("\n") == 4


def test_metrics_agree_everywhere(
    run_dir: RunDirectory, outcome: Outcome, watcher: Recorder
) -> None:
    metrics = run_dir.read_json("metrics.json")
    assert metrics == outcome.metrics
    assert set(metrics) == {"train", "validation", "test"}
    assert set(metrics["validation"]) == set(metrics["test"]) == {"loss", "accuracy", "f1"}
    records = logged(run_dir)
    losses = [record["loss"] for record in records if "loss" in record]
    assert len(losses) == 10
    assert metrics["train"]["loss"] == pytest.approx(sum(losses) / 10, abs=1e-6)
    evaluated = [record for record in records if "eval_loss" in record]
    assert [record["step"] for record in evaluated] == [5, 10]
    assert metrics["validation"]["loss"] == evaluated[-1]["eval_loss"]
    assert [split for split, _, _ in watcher.evaluations] == ["validation", "validation", "test"]
    assert watcher.steps == list(range(1, 11))


def test_the_model_loads_without_ftspec(run_dir: RunDirectory) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(run_dir.model)
    tokenizer = AutoTokenizer.from_pretrained(run_dir.model)
    assert set(model.config.label2id) >= {"animal", "food", "plant"}
    assert model(**tokenizer("a large fish", return_tensors="pt")).logits.shape[0] == 1
    assert (run_dir.checkpoints / "checkpoint-10" / "optimizer.pt").is_file()


def test_tensorboard_reads_the_events(run_dir: RunDirectory) -> None:
    events = EventAccumulator(str(run_dir.tensorboard)).Reload()
    tags = events.Tags()["scalars"]
    assert {"train/loss", "eval/loss", "eval/accuracy", "test/loss"} <= set(tags)
    losses = {event.step: event.value for event in events.Scalars("train/loss")}
    records = {record["step"]: record["loss"] for record in logged(run_dir) if "loss" in record}
    assert losses == pytest.approx(records, rel=1e-6)
    assert [event.step for event in events.Scalars("eval/loss")] == [5, 10]


def test_the_report_is_html(run_dir: RunDirectory, outcome: Outcome) -> None:
    page = (run_dir.path / "report.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert {"html", "head", "title", "body", "table", "svg", "path", "pre"} <= reader.seen
    assert not {"script", "link", "iframe", "img"} & reader.seen
    for results in outcome.metrics.values():
        for value in results.values():
            assert f"{value:.4f}" in reader.text
    assert "topics & <definitions>" in reader.text


def test_no_secret_is_in_any_file(
    run_dir: RunDirectory, environment: dict[str, str], watcher: Recorder
) -> None:
    files = [path for path in run_dir.path.rglob("*") if path.is_file()]
    assert len(files) > 20
    for name, secret in environment.items():
        holders = [str(path) for path in files if secret.encode() in path.read_bytes()]
        assert holders == [], name
        assert not any(secret in note for note in watcher.notes), name


def test_the_resolved_spec_runs_again_to_the_same_losses(
    run_dir: RunDirectory, module_engine: Engine, environment: dict[str, str]
) -> None:
    before = snapshot(run_dir.path)
    text = run_dir.resolved_spec.read_text(encoding="utf-8")

    again = module_engine.execute(text, environment=environment)

    assert again.run_dir.path.parent == run_dir.path.parent
    assert again.run_dir.path != run_dir.path
    assert [numbers(record) for record in logged(again.run_dir)] == [
        numbers(record) for record in logged(run_dir)
    ]
    plan, plan_again = run_dir.read_json("plan.json"), again.run_dir.read_json("plan.json")
    assert plan_again == plan
    # and the second run has not touched the first
    assert snapshot(run_dir.path) == before


def test_a_failed_run_says_why(
    module_engine: Engine, environment: dict[str, str], run_dir: RunDirectory
) -> None:
    """A message that holds a secret is masked before it is written."""

    def fail(done: int) -> None:
        raise OSError(f"cannot log in with {TOKEN}")

    with pytest.raises(Exception, match="cannot log in"):
        module_engine.execute(SPEC, environment=environment, watcher=Recorder(at_step=fail))

    failed = module_engine.runs()[-1]
    assert failed.path != run_dir.path
    assert failed.status()["status"] == "failed"
    assert failed.status()["error"] == "cannot log in with ${env:OUR_TOKEN}"
    assert "Traceback" in failed.log.read_text(encoding="utf-8")
    assert not any(
        TOKEN.encode() in path.read_bytes() for path in failed.path.rglob("*") if path.is_file()
    )


def snapshot(folder: Path) -> dict[str, tuple[int, str]]:
    """Every file with its time and content."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def numbers(record: dict[str, object]) -> str:
    """What was learned and measured, without how long it took."""
    kept = {
        name: value
        for name, value in record.items()
        if not name.endswith(("_runtime", "_per_second", "_time"))
    }
    assert all(math.isfinite(value) for value in kept.values() if isinstance(value, float))
    return json.dumps(kept, sort_keys=True)


class Reader(HTMLParser):
    """Follows the tags of a page; ``open`` is left empty by a page that closes every one."""

    VOID = frozenset({"meta", "br", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
