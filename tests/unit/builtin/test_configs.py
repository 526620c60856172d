"""The keys of the built-in components: accepted values, and the places of errors."""

from __future__ import annotations

import pytest

from ftspec.builtin.callbacks.config import BestModelConfig, EarlyStoppingConfig
from ftspec.builtin.tasks.config import (
    Seq2SeqConfig,
    TextClassificationConfig,
    TextGenerationConfig,
)
from ftspec.components import TaskConfig
from tests.unit.conftest import Diagnose, Examine, placed


@pytest.mark.parametrize(
    ("source", "findings"),
    [
        ("{type: hub}", ["3:11 missing-key"]),
        ("hub", ["3:11 missing-key"]),
        ("{type: hub, path: a/b, streaming: 'yes'}", ["3:45 wrong-type"]),
        ("{type: hub, path: a/b, shuffle_buffer: 0}", ["3:50 bad-value"]),
        ("{type: hub, path: a/b, data_files: {train: [a, b], test: c}}", []),
        ("{type: csv, files: '/', delimiter: ''}", ["3:46 bad-value"]),
        ("{type: csv, files: '/', delimiter: '||'}", ["3:46 bad-value"]),
        ("{type: csv, files: '/', column_names: a}", ["3:49 wrong-type"]),
        ("{type: csv, files: '/', field: a}", ["3:35 unknown-key"]),
        ("{type: json, files: '/', field: a}", []),
        ("{type: parquet, files: '/', columns: [text, stars]}", []),
        ("{type: text, files: '/', sample_by: word}", ["3:47 bad-value"]),
        ("{type: text, files: '/', sample_by: paragraph}", ["8:38 unknown-column"]),
        ("{type: disk, path: /dev}", []),
        ("{type: package, package: p, files: a.csv, format: xml}", ["3:61 bad-value"]),
        ("{type: package, package: p, files: a.csv}", ["3:11 missing-key"]),
        ("{type: mixture, sources: []}", ["3:36 bad-value"]),
        (
            "{type: mixture, sources: [{source: {type: disk, path: /}, weight: 0},"
            " {source: {type: disk, path: /}}], stopping: never}",
            ["3:77 bad-value", "3:125 bad-value"],
        ),
    ],
)
def test_source(source: str, findings: list[str], diagnose: Diagnose, minimal_spec: str) -> None:
    assert diagnose(minimal_spec.replace("{type: hub, path: acme/reviews}", source)) == findings


@pytest.mark.parametrize(
    ("transform", "findings"),
    [
        ("{type: filter, column: text, not_missing: true}", []),
        ("{type: filter, column: a.b, min_words: 2, max_characters: 9}", []),
        ("{type: filter, column: text}", ["8:16 bad-value"]),
        ("{type: filter, min_words: 2}", ["8:16 missing-key"]),
        ("{type: filter, column: text, min_words: 0}", ["8:56 bad-value"]),
        ("deduplicate", []),
        ("{type: deduplicate, columns: [text], ignore_case: true}", []),
        ("{type: deduplicate, columns: text}", ["8:45 wrong-type"]),
    ],
)
def test_transform(
    transform: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    text = minimal_spec.replace("  template:", f"  transforms: [{transform}]\n  template:")
    assert diagnose(text) == findings


@pytest.mark.parametrize(
    ("tokenizer", "findings"),
    [
        ("{type: auto, max_length: 512, max_target_length: 128}", ["11:61 idle-setting"]),
        ("{type: auto, max_length: 1}", ["11:37 bad-value"]),
        # a newly trained tokenizer does not match pretrained weights
        ("{type: train, algorithm: unigram}", ["11:19 learned-tokenizer"]),
        ("train", ["11:12 missing-key"]),
        ("{type: train, algorithm: bpee}", ["11:37 bad-value"]),
        ("{type: train, algorithm: bpe, vocab_size: 63}", ["11:54 bad-value"]),
    ],
)
def test_tokenizer(
    tokenizer: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(f"{minimal_spec}tokenizer: {tokenizer}\n") == findings


@pytest.mark.parametrize(
    ("metrics", "findings"),
    [
        ("[{type: f1, average: micro}]", []),
        ("[{type: f1, average: mean}]", ["11:31 bad-value"]),
        ("[{type: accuracy, average: micro}]", ["11:28 unknown-key"]),
        ("[{type: hub, path: a/b}]", ["11:11 remote-code"]),
        ("[{type: hub, path: a/b, trust_remote_code: true}]", ["11:53 remote-code"]),
    ],
)
def test_metric(metrics: str, findings: list[str], diagnose: Diagnose, minimal_spec: str) -> None:
    assert diagnose(f"{minimal_spec}metrics: {metrics}\n") == findings


def test_metric_of_the_hub_says_what_trusting_it_means(examine: Examine, minimal_spec: str) -> None:
    (finding,) = examine(f"{minimal_spec}metrics: [{{type: hub, path: a/b}}]\n").diagnostics
    assert placed(finding) == "11:11 remote-code"
    assert '"trust_remote_code: true"' in finding.headline


@pytest.mark.parametrize(
    ("callbacks", "findings"),
    [
        ("[{type: early-stopping, patience: 0}]", ["12:46 bad-value"]),
        ("[{type: early-stopping, threshold: -1}]", ["12:47 bad-value"]),
        ("[{type: best-model, keep: 0}]", ["12:38 bad-value"]),
        ("[{type: generated-samples, count: 51}]", ["12:46 bad-value"]),
        ("[{type: early-stopping, patience: 2, threshold: 0}]", []),
    ],
)
def test_callback(
    callbacks: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    text = f"{minimal_spec}training: {{eval_strategy: epoch}}\ncallbacks: {callbacks}\n"
    assert diagnose(text) == findings


@pytest.mark.parametrize(
    ("task", "findings"),
    [
        ("{type: text-classification, labels: [a]}", ["10:43 bad-value"]),
        ("{type: text-classification, labels: [yes, no]}", []),  # strings in YAML 1.2
        (
            "{type: text-classification, labels: [true, false]}",
            ["10:44 wrong-type", "10:50 wrong-type"],
        ),
        ("{type: text-classification, threshold: 1}", ["10:46 bad-value"]),
        ("{type: text-classification, num_beams: 2}", ["10:35 unknown-key"]),
    ],
)
def test_task(task: str, findings: list[str], diagnose: Diagnose, minimal_spec: str) -> None:
    assert diagnose(minimal_spec.replace("task: text-classification", f"task: {task}")) == findings


@pytest.mark.parametrize(
    ("config", "predictions"),
    [
        (TextClassificationConfig(), {"class"}),
        (TextClassificationConfig(problem="multi-label"), {"class-set"}),
        (TextClassificationConfig(problem="regression"), {"value"}),
        (Seq2SeqConfig(), {"text", "loss"}),
        (Seq2SeqConfig(predict_with_generate=False), {"loss"}),
        (TextGenerationConfig(), {"loss"}),
    ],
)
def test_task_predicts_by_how_it_is_configured(config: TaskConfig, predictions: set[str]) -> None:
    assert config.predictions == predictions


def test_callbacks_that_watch_a_metric_save_when_it_is_evaluated() -> None:
    early = EarlyStoppingConfig(metric="f1")
    assert early.training_defaults({}) == {
        "load_best_model_at_end": True,
        "metric_for_best_model": "f1",
    }
    best = BestModelConfig(keep=3)
    assert best.training_defaults({"eval_strategy": "steps", "eval_steps": 7}) == {
        "load_best_model_at_end": True,
        "metric_for_best_model": "loss",
        "save_strategy": "steps",
        "save_steps": 7,
        "save_total_limit": 3,
    }
