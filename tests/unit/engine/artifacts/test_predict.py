"""The model of a finished run, used: templates without answers, rows in order, errors named."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ftspec.engine.artifacts.predict import Predictor, open_predictor
from ftspec.errors import RunError
from ftspec.manifest import write_manifest
from ftspec.rundir import RunDirectory
from tests.engine.running import Engine, Recorder
from tests.unit import tiny

ROWS = [
    {"meta": {"text": text}, "other": f"of {index}", "label": "ab"[index % 2]}
    for index, text in enumerate(tiny.english()[:24])
]
SPEC = """\
ftspec: 1
name: used
data: {{source: {{type: json, files: "{rows}"}}}}
preprocess: {{template: {{{template}}}}}
tokenizer: {{max_length: 24}}
model: {{checkpoint: "{model}"}}
task: {task}
training: {{max_steps: 2, per_device_train_batch_size: 4, learning_rate: 1e-3}}
performance: {{precision: fp32}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows and models."""
    folder = tmp_path_factory.mktemp("used")
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    for name, tokenizer in (("bert", tiny.tokenizer("wordpiece")), ("gpt2", tiny.tokenizer("bpe"))):
        tokenizer.save_pretrained(folder / name)
        model = tiny.bert(len(tokenizer)) if name == "bert" else tiny.gpt2(tokenizer)
        model.save_pretrained(folder / name)
    return folder


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Engine]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Engine(folder)
    torch.set_num_threads(threads)


def run_of(engine: Engine, folder: Path, **keys: Any) -> tuple[Any, RunDirectory]:
    spec = SPEC.format(rows=folder / "rows.jsonl", **{**keys, "model": folder / keys["model"]})
    return engine.plan(spec), engine.execute(spec).run_dir


@pytest.fixture(scope="module")
def classifier(engine: Engine, folder: Path) -> Predictor:
    plan, run_dir = run_of(
        engine,
        folder,
        template='text: "see: {meta.text}", label: "{label}"',
        model="bert",
        task="text-classification",
    )
    return open_predictor(plan, run_dir, Recorder())


def test_rows_in_order_whatever_the_batch(classifier: Predictor) -> None:
    rows = [{"meta": row["meta"]} for row in ROWS]
    expected = list(classifier.predict(rows))
    assert len(expected) == 24
    for batch_size in (1, 5, 100):
        results = list(classifier.predict(iter(rows), batch_size))
        for result, other in zip(results, expected, strict=True):
            assert result["label"] == other["label"]
            assert result["scores"] == pytest.approx(other["scores"], abs=1e-5)
            assert math.isclose(sum(result["scores"].values()), 1, abs_tol=1e-6)
            assert list(result["scores"]) == ["a", "b"]


def test_rows_too_many_for_the_memory_are_computed_in_parts(
    classifier: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ROWS[:20]
    expected = list(classifier.predict(rows))
    compute, sizes = classifier.predict_fields, []
    said: list[str] = []

    def allocate_too_much(given: Any) -> Any:
        sizes.append(len(given))
        if len(given) > 3:
            torch.empty(1 << 50)
        return compute(given)

    monkeypatch.setattr(classifier, "predict_fields", allocate_too_much)
    monkeypatch.setattr(classifier, "_note", said.append)
    monkeypatch.setattr(classifier, "_cap", None)
    results = list(classifier.predict(iter(rows), batch_size=8))

    assert [one["label"] for one in results] == [one["label"] for one in expected]
    for ours, theirs in zip(results, expected, strict=True):
        assert ours["scores"] == pytest.approx(theirs["scores"], abs=1e-5)
    assert sum(size for size in sizes if size <= 3) == len(rows)
    assert len(said) == 1
    assert said[0].startswith(f"out of memory at a batch of {sizes[0]} rows and ")


def test_a_row_too_large_for_the_memory(
    classifier: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "predict_fields", lambda rows: torch.empty(1 << 50))
    monkeypatch.setattr(classifier, "_cap", None)

    with pytest.raises(RunError, match="memory is too small for one row of") as caught:
        list(classifier.predict(ROWS[:2]))
    assert caught.value.slug == "out-of-memory"


def test_results_are_json(classifier: Predictor) -> None:
    assert json.loads(json.dumps(list(classifier.predict(ROWS[:2])), allow_nan=False))


def test_no_rows_are_no_results(classifier: Predictor) -> None:
    assert list(classifier.predict([])) == []


def test_rows_are_read_as_they_come(classifier: Predictor) -> None:
    taken = []

    def endless() -> Iterator[dict[str, Any]]:
        while True:
            taken.append(1)
            yield ROWS[0]

    results = classifier.predict(endless(), batch_size=2)
    assert next(results)["label"] in ("a", "b")
    assert len(taken) == 16  # a window of eight batches, in which like lengths are put together


def test_answers_are_not_needed(classifier: Predictor) -> None:
    assert classifier.render(ROWS[0]) == {"text": f"see: {tiny.english()[0]}"}
    assert classifier.render({"meta": {"text": "x"}}) == {"text": "see: x"}


def test_a_bare_text_is_the_column_the_model_reads(classifier: Predictor) -> None:
    assert classifier.from_text("hello") == {"meta": {"text": "hello"}}
    assert classifier.render(classifier.from_text("hello")) == {"text": "see: hello"}


@pytest.mark.parametrize("row", [{"text": "x", "other": 1}, {"meta": {"txt": "x"}}, {}])
def test_a_row_without_the_column(classifier: Predictor, row: dict[str, Any]) -> None:
    with pytest.raises(RunError) as caught:
        list(classifier.predict([row]))
    assert caught.value.slug == "unknown-column"
    assert caught.value.headline == 'the input has no column "meta.text"'


def test_several_columns_are_given_by_name(engine: Engine, folder: Path) -> None:
    plan, run_dir = run_of(
        engine,
        folder,
        template='text: "{meta.text}", text_pair: "{other}", label: "{label}"',
        model="bert",
        task="text-classification",
    )
    predictor = open_predictor(plan, run_dir, Recorder())
    with pytest.raises(RunError) as caught:
        predictor.from_text("hello")
    assert caught.value.slug == "several-columns"
    assert caught.value.headline == 'this model reads several columns: "meta.text", "other"'
    assert caught.value.helps[0] == 'pass each: --column meta.text="…" --column other="…"'
    row = predictor.from_columns({"other": "x", "meta.text": "hello"})
    assert row == {"meta": {"text": "hello"}, "other": "x"}
    assert len(list(predictor.predict([row]))) == 1
    with pytest.raises(RunError, match='this model does not read the column "othr"') as caught:
        predictor.from_columns({"othr": "x"})
    assert caught.value.helps[0] == 'did you mean "other"?'
    with pytest.raises(RunError, match=r'the input has no column "meta\.text"'):
        predictor.render(predictor.from_columns({"other": "x"}))
    assert len(list(predictor.predict(ROWS[:3]))) == 3

    component = plan.task.component
    fields = [replace(one, is_needed_to_predict=one.name == "text") for one in component.fields]
    task = replace(plan.task, component=replace(component, fields=tuple(fields)))
    predictor = open_predictor(replace(plan, task=task), run_dir, Recorder())
    assert predictor.from_text("hello") == {"meta": {"text": "hello"}}
    assert predictor.render({"meta": {"text": "hello"}}) == {"text": "hello"}
    assert predictor.render({"meta": {"text": "hello"}, "other": "x"})["text_pair"] == "x"
    with pytest.raises(RunError, match=r'no column "meta.text"'):
        predictor.render({"other": "x"})


def test_a_generator_goes_on(engine: Engine, folder: Path) -> None:
    plan, run_dir = run_of(
        engine,
        folder,
        template='text: "{meta.text}"',
        model="gpt2",
        task="{type: text-generation, packing: false, max_new_tokens: 4}",
    )
    predictor = open_predictor(plan, run_dir, Recorder())
    (first, again) = (
        list(predictor.predict([predictor.from_text("a small plant")])) for _ in range(2)
    )
    assert first == again
    assert list(first[0]) == ["prompt", "text"]


def test_a_run_without_a_model(classifier: Predictor, engine: Engine, tmp_path: Path) -> None:
    plan = engine.plan(
        SPEC.format(
            rows=engine.folder / "rows.jsonl",
            template='text: "{other}", label: "{label}"',
            model=engine.folder / "bert",
            task="text-classification",
        )
    )
    run_dir = RunDirectory(tmp_path)
    run_dir.set_status("failed")
    with pytest.raises(RunError) as caught:
        open_predictor(plan, run_dir, Recorder())
    assert caught.value.slug == "no-model"
    assert caught.value.headline == (
        f'the run in "{tmp_path}" has no model: its status is "failed"'
    )
    run_dir.model.mkdir()
    (run_dir.model / "config.json").write_text("{}")
    with pytest.raises(RunError, match="which is written last"):
        open_predictor(plan, run_dir, Recorder())
    write_manifest(run_dir.model)
    with pytest.raises(RunError, match="cannot be read"):
        open_predictor(plan, run_dir, Recorder())
