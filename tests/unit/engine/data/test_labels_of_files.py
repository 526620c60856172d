"""What the labels in files become in a run, from the file to the ids of the classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import BertConfig

from ftspec.engine.data.preparation import Preparation, prepare
from ftspec.engine.model.checkpoint import locate
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError
from tests.engine.running import Engine, Recorder
from tests.unit import tiny

SPEC = """\
ftspec: 1
name: labelled
data:
  source: {{type: {type}, files: {{train: "{train}", validation: "{validation}"}}}}
  splits: {{train: train, validation: validation}}
preprocess: {{template: {{text: "{{text}}", label: "{label}"}}}}
tokenizer: {{max_length: 16}}
model: {{checkpoint: "{checkpoint}"{model}}}
task: {{type: text-classification{task}}}
metrics: [{metric}]
"""
PrepareRows = Callable[..., Preparation]


@pytest.fixture
def prepared(tmp_path: Path, notes: list[str]) -> PrepareRows:
    """The rows of a file with these texts or labels, prepared as in a run."""

    def prepare_rows(
        train: str | list[Any],
        validation: str | list[Any] | None = None,
        *,
        label: str = "{label}",
        task: str = "",
        model: str = "",
        metric: str = "accuracy",
        checkpoint: Path | None = None,
    ) -> Preparation:
        is_csv = isinstance(train, str)
        names = {}
        for split, rows in (("train", train), ("validation", validation or train)):
            path = tmp_path / f"{split}.{'csv' if is_csv else 'jsonl'}"
            lines = [{"text": f"row {at}", "label": one} for at, one in enumerate(rows)]
            text = rows if isinstance(rows, str) else "\n".join(map(json.dumps, lines))
            path.write_text(text, encoding="utf-8")
            names[split] = path
        plan = Engine(tmp_path).plan(
            SPEC.format(
                type="csv" if is_csv else "json",
                checkpoint=checkpoint or tiny.minilm(),
                label=label,
                task=task,
                model=model,
                metric=metric,
                **names,
            )
        )
        watcher = Recorder()
        watcher.notes = notes
        with RunLog(tmp_path / "log.txt", watcher) as log:
            return prepare(plan, locate(str(checkpoint or tiny.minilm()), None), log)

    return prepare_rows


def ids_in(data: Preparation, split: str = "train") -> list[Any]:
    return list(data.encoded[split]["labels"])


def names_in(data: Preparation) -> list[str]:
    return list(data.task.model_settings()["id2label"].values())


def test_positions_of_names_that_are_numbers(prepared: PrepareRows, notes: list[str]) -> None:
    data = prepared([0, 1, 2, 3, 4], task=', labels: ["1", "2", "3", "4", "5"]')
    assert ids_in(data) == [0, 1, 2, 3, 4]
    assert any("the values are read as positions" in note for note in notes)


def test_a_number_that_training_has_not_seen(prepared: PrepareRows) -> None:
    with pytest.raises(RunError) as caught:
        prepared([1, 2, 3], [0, 1, 2])
    assert caught.value.slug == "unseen-label"
    assert caught.value.headline == (
        'the label "0" is not in the training split (in row 1 of the validation split)'
    )


def test_leading_zeros(prepared: PrepareRows) -> None:
    rows = "text,label\na,01\nb,02\nc,10\n"
    named = prepared(rows, task=', labels: ["01", "02", "10"]')
    assert (names_in(named), ids_in(named)) == (["01", "02", "10"], [0, 1, 2])
    learned = prepared(rows)
    assert (names_in(learned), ids_in(learned)) == (["01", "02", "10"], [0, 1, 2])


def test_words_that_other_readers_take_for_nothing(prepared: PrepareRows) -> None:
    data = prepared("text,label\na,favor\nb,None\nc,NA\nd,null\n")
    assert names_in(data) == ["NA", "None", "favor", "null"]
    assert ids_in(data) == [2, 1, 0, 3]


@pytest.mark.parametrize("names", ["False, True", "false, true"])
def test_booleans_of_a_csv_file(prepared: PrepareRows, names: str) -> None:
    quoted = ", ".join(f'"{name}"' for name in names.split(", "))
    data = prepared("text,label\na,True\nb,FALSE\nc,true\n", task=f", labels: [{quoted}]")
    assert ids_in(data) == [1, 0, 1]


def test_floats_without_regression(prepared: PrepareRows, notes: list[str]) -> None:
    prepared("text,label\na,0.5\nb,1.5\nc,2.5\n")
    [said] = [note for note in notes if "floats" in note]
    assert said.startswith("warning: the labels are floats (0.5, 1.5, 2.5, …)")
    assert "problem: regression" in said


@pytest.mark.parametrize("kind", [int, float, bool])
def test_places_for_each_label(prepared: PrepareRows, kind: type, notes: list[str]) -> None:
    rows = [[kind(bit) for bit in bits] for bits in ([1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0])]
    task = ", problem: multi-label, labels: [toxic, insult, threat]"
    data = prepared(rows, task=task, metric="f1")
    assert ids_in(data) == [[1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0]]
    assert any('"toxic" (2 rows), "insult" (2), "threat" (0)' in note for note in notes)


def test_several_labels_of_a_csv_file(prepared: PrepareRows) -> None:
    rows = "text,label\na,sports; music\nb,\nc,music\n"
    data = prepared(rows, task=', problem: multi-label, separator: ";"', metric="f1")
    assert names_in(data) == ["music", "sports"]
    assert ids_in(data) == [[1, 1], [0, 0], [1, 0]]


def test_a_column_for_each_label(prepared: PrepareRows) -> None:
    data = prepared(
        "text,sports,music\na,1,0\nb,0,0\nc,1,1\n",
        label="{sports};{music}",
        task=', problem: multi-label, separator: ";", labels: [sports, music]',
        metric="f1",
    )
    assert ids_in(data) == [[1, 0], [0, 0], [1, 1]]


@pytest.mark.parametrize(
    ("key", "value"), [("num_labels", "5"), ("id2label", '{"0": A, "1": B, "2": C}')]
)
def test_a_configuration_with_other_labels(prepared: PrepareRows, key: str, value: str) -> None:
    with pytest.raises(RunError) as caught:
        prepared(["a", "b", "c"], model=f", config: {{{key}: {value}}}")
    assert caught.value.slug == "label-count"
    assert caught.value.at == ("model", "config", key)
    prepared(["a", "b", "c"], model=", config: {num_labels: 3}")


def test_a_trained_model_keeps_the_order_of_its_labels(
    prepared: PrepareRows, tmp_path: Path, notes: list[str]
) -> None:
    folder = tmp_path / "trained"
    folder.mkdir()
    for path in tiny.minilm().iterdir():
        if path.name.startswith(("tokenizer", "vocab", "special")):
            (folder / path.name).write_bytes(path.read_bytes())
    rows = ["neutral", "positive", "negative"]
    for order, expected in (
        (("positive", "negative", "neutral"), [2, 0, 1]),
        (("negative", "neutral", "positive"), [1, 2, 0]),
        (("cat", "dog", "eel"), [1, 2, 0]),
    ):
        BertConfig(id2label=dict(enumerate(order))).save_pretrained(folder)
        notes.clear()
        # the rows in the cache have the ids of another order
        assert ids_in(prepared(rows, checkpoint=folder)) == expected
        in_its_order = any("in the order of the checkpoint" in note for note in notes)
        assert in_its_order is (expected == [2, 0, 1])
