"""Specs of tiny models that several tests evaluate."""

from __future__ import annotations

import pytest

SPEC = """\
ftspec: 1
name: evaluation
data:
  source: {type: json, files: "%(rows)s"}
  splits: {train: "train[:60]", validation: "train[60:83]"}
preprocess: {template: {%(template)s}}
tokenizer: {max_length: 48, max_target_length: 40}
model: {checkpoint: "%(model)s"}
task: {%(task)s}
training: {%(training)s}
performance: {precision: fp32}
metrics: [%(metrics)s]
"""
"""23 rows: in batches of four the last has three."""

TOPIC = 'text: "{text}", label: "{topic}"'
SUMMARY = 'source: "summarize: {document}", target: "{summary}"'
TEXT = 'text: "{text}"'

CASES = {
    "single-label": ("bert", "glosses", TOPIC, "type: text-classification", "accuracy"),
    "multi-label": (
        "bert",
        "glosses",
        'text: "{text}", label: "{traits}"',
        "type: text-classification, problem: multi-label",
        "f1",
    ),
    "regression": (
        "bert",
        "glosses",
        'text: "{text}", label: "{words}"',
        "type: text-classification, problem: regression",
        "mse",
    ),
    "summarization with texts": ("t5", "summaries", SUMMARY, "type: summarization", "rouge"),
    "summarization": ("t5", "summaries", SUMMARY, "type: summarization", ""),
    "packed text": ("gpt2", "paragraphs", TEXT, "type: text-generation", "perplexity"),
    "rows of text": (
        "gpt2",
        "paragraphs",
        TEXT,
        "type: text-generation, packing: false",
        "perplexity",
    ),
}


def spec_of(request: pytest.FixtureRequest, case: str) -> str:
    """The spec of a case."""
    model, rows, template, task, metrics = CASES[case]
    return SPEC % {
        "model": request.getfixturevalue(model),
        "rows": request.getfixturevalue(rows),
        "template": template,
        "task": task,
        "training": "per_device_eval_batch_size: 4",
        "metrics": metrics,
    }
