"""The page of a run, from its files alone."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ftspec.report.run_page import render_run
from ftspec.rundir import RunDirectory
from tests.unit.report.made_runs import HOSTILE, LOGGED, made_evaluation, made_run
from tests.unit.report.page_reader import PageReader


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    run_dir = made_run(tmp_path_factory.mktemp("page"))
    made_evaluation(run_dir)
    return render_run(run_dir)


@pytest.fixture(scope="module")
def reader(page: str) -> PageReader:
    return PageReader(page)


def test_every_tag_is_closed(reader: PageReader) -> None:
    assert reader.open == []
    assert not {"script", "link", "iframe", "img", "object"} & {tag for tag, _ in reader.tags}


def test_it_needs_nothing_from_elsewhere(page: str, reader: PageReader) -> None:
    links = [one["href"] for one in reader.attributes("a")]
    assert [link for link in links if not link.startswith("#")] == []
    assert not re.search(r"\bsrc=|@import|url\(|https?:", page)
    (policy,) = (one["content"] for one in reader.attributes("meta") if one.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_the_head_says_what_was_run(reader: PageReader) -> None:
    head = " ".join(reader.text[: reader.text.index("Trained on")].split())
    assert reader.headings[0] == (1, "words & more")
    for said in (
        "finished · text-classification · org/model · 2024-01-01 00:00 UTC · 12 min 3 s",
        "test f1 0.7000 0.6500 to 0.7600",
        "validation f1 0.7500",
        "training rows 2,400",
        "parameters 22.7 M 22,715,526",
    ):
        assert said in head


def test_headings_are_in_order(reader: PageReader) -> None:
    levels = [level for level, _ in reader.headings]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [text for level, text in reader.headings if level == 2] == [
        *("Trained on", "Quality", "Learning curves", "Cost", "Spec", "Versions")
    ]


def test_tables_have_headers_captions_and_scroll_alone(page: str, reader: PageReader) -> None:
    assert page.count("<table") == page.count("<caption>") == page.count('class="scroll"') > 10
    assert {one["scope"] for one in reader.attributes("th")} == {"col", "row"}
    boxes = [one for one in reader.attributes("div") if one.get("class") == "scroll"]
    assert all(one["tabindex"] == "0" and one["role"] == "region" for one in boxes)
    assert all(one["aria-label"] for one in boxes)


def test_charts_have_words(page: str, reader: PageReader) -> None:
    charts = reader.attributes("svg")
    assert len(charts) == 6  # loss, learning rate, f1, gradient; ROC and reliability
    assert {one["role"] for one in charts} == {"img"}
    titles = re.findall(r"<svg[^>]*><title>([^<]*)</title>", page)
    assert "Loss: loss over step; training from 2.0000 to 1.0000" in titles[2]
    assert reader.tables["Loss: numbers"][1:3] == [
        ["training", "10", "2.0000"],
        ["training", "20", "1.0000"],
    ]
    assert not re.search(r'\bid="(?!content|data|quality|curves|cost|spec|versions)', page)


def test_metrics_have_the_intervals_of_the_evaluation(reader: PageReader) -> None:
    table = reader.tables["Final metrics, with 95 % intervals of evaluations"]
    assert table == [
        ["metric", "test", "validation", "training"],
        ["f1", "0.7000 (0.6500 to 0.7600)", "0.7500", ""],
        ["loss", "1.3000", "1.2500", "1.5000"],
    ]


def test_an_evaluation_of_other_rows_gives_no_interval(tmp_path: Path) -> None:
    run_dir = made_run(tmp_path)
    made_evaluation(run_dir, file="other.csv")
    made_evaluation(run_dir, name="test-checkpoint-10", checkpoint="checkpoint-10")
    tables = PageReader(render_run(run_dir)).tables
    assert tables["Final metrics"][1] == ["f1", "0.7000", "0.7500", ""]
    assert tables["Metrics"][1] == ["f1", "0.7000", "0.6500 to 0.7600"]


def test_the_newest_evaluation_of_a_name_is_shown(tmp_path: Path) -> None:
    run_dir = made_run(tmp_path)
    made_evaluation(run_dir, rows=[{"text": "old", "reference": "a", "prediction": "b"}])
    time.sleep(0.01)
    made_evaluation(
        run_dir,
        name="test-2",
        rows=[{"text": "new", "reference": "a", "prediction": "b", "score": 0.5}],
    )
    reader = PageReader(render_run(run_dir))
    assert [text for level, text in reader.headings if level == 3][:1] == ["Evaluation “test-2”"]
    assert "new" in reader.text
    assert "old" not in reader.text.split()


def test_rows_to_look_at(reader: PageReader) -> None:
    assert reader.tables["The most confident mistakes"][1:] == [
        ["3", "a wolf", "dog", "cat", "0.9500", "3.0000"],
        ["2", "the loud one", "dog", "cat", "0.8000", "1.6000"],
    ]
    assert reader.tables["Classes that are taken for others"][1:] == [
        ["dog", "cat", "8", "the loud one"]
    ]
    assert reader.tables["Confusion matrix"][2] == ["dog", "8", "42"]


def test_cost_is_written_as_people_write_it(reader: PageReader) -> None:
    cost = dict(reader.tables["Cost"][1:])  # type: ignore[arg-type]
    assert cost["arithmetic"] == "20.4 GFLOP/s"
    assert cost["memory"] == "1.17 GB"
    assert cost["tokens a second"] == "573 tokens/s"
    assert reader.tables["Time"][2][:2] == ["train", "12 min 3 s"]
    assert "model.dtype: bf16 is <faster>" in " ".join(reader.text.split())


def test_values_of_the_spec_have_their_place(reader: PageReader) -> None:
    assert reader.tables["What the spec says, and where"][1:] == [
        ["name", "words & more", "spec.yaml:1:7"],
        ["training.max_steps", "20", "--set:1:1, over spec.yaml:4:5"],
    ]
    assert ["model.checkpoint", "org/model"] in reader.tables["Defaults"]


def test_without_origins_the_whole_spec_is_one_table(tmp_path: Path) -> None:
    tables = PageReader(render_run(made_run(tmp_path, origins=None))).tables
    assert ["model.checkpoint", "org/model"] in tables["The spec with all defaults"]


def test_nothing_of_a_stranger_is_markup(tmp_path: Path) -> None:
    data = {"train": {"labels": {HOSTILE: 3}}}
    logged = [{"step": step, "loss": 1.0, f"eval_{HOSTILE}": step} for step in (1, 2)]
    run_dir = made_run(
        tmp_path,
        HOSTILE,
        data=data,
        logged=logged,
        lock={"packages": {HOSTILE: HOSTILE}, "splits": {"train": {"rows": 3}}},
        origins={HOSTILE: [HOSTILE], "name": [HOSTILE]},
    )
    row = {"text": HOSTILE, "reference": HOSTILE, "prediction": "b", "score": 0.9, "loss": 1.0}
    made_evaluation(run_dir, classes=(HOSTILE, "b"), rows=[row], by={HOSTILE: {HOSTILE: {}}})
    run_dir.path.joinpath("samples.jsonl").write_text(
        '{"step": 1, "index": 0, "row": {"text": "<b>bold</b>"}, "model": "<i>said</i>"}\n'
    )
    page = render_run(run_dir)
    reader = PageReader(page)
    assert reader.open == []
    assert not {"script", "img", "b"} & {tag for tag, _ in reader.tags}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", page)
    assert page.count("&lt;script&gt;window.hit=1&lt;/script&gt;") > 10
    assert r"\x1b[31m\u202e$x^2$" in reader.text
    assert "&lt;b&gt;bold" in page
    assert not [name for _, all_ in reader.tags for name in all_ if name.startswith("on")]


def test_a_page_is_small(tmp_path: Path) -> None:
    many = [f"label {number} " + "x" * 200 for number in range(3000)]
    logged = [
        {"step": step, **{f"eval_metric_{one}": step * one for one in range(40)}}
        for step in range(500)
    ]
    run_dir = made_run(
        tmp_path,
        logged=logged,
        data={"train": {"labels": dict.fromkeys(many, 1)}},
        lock={"splits": {"train": {"rows": 3000}}, "files": dict.fromkeys(many, "0" * 64)},
    )
    row = {"text": "word " * 5000, "reference": "a", "prediction": "b", "score": 0.9}
    classes = [{"class": one, "f1": 0.5} for one in many]
    for number in range(15):
        made_evaluation(
            run_dir, name=f"set{number}", rows=[row] * 50, tables={"classes": classes}, curves={}
        )
    page = render_run(run_dir)
    assert len(page) < 2_000_000
    tables = PageReader(page).tables
    assert "Classes · the first 30 of 3,000 rows" in tables.keys() | {
        name.replace("Classes·", "Classes ·").replace("Classesthe", "Classes · the")
        for name in tables
    }
    assert "28 more metrics are in metrics.jsonl" in page


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", "null", '{"validation": 3}', "[" * 100_000, '{"spec": [1]}']
)
def test_damaged_files_are_passed_over(tmp_path: Path, damage: str) -> None:
    names = ("plan", "origins", "lock", "data", "metrics", "performance", "status")
    run_dir = made_run(tmp_path, **dict.fromkeys(names, damage))
    folder = made_evaluation(run_dir)
    (folder / "metrics.json").write_text(damage)
    (folder / "rows.parquet").write_text(damage)
    (run_dir.path / "metrics.jsonl").write_text(damage)
    assert PageReader(render_run(run_dir)).open == []


def test_an_empty_folder(tmp_path: Path) -> None:
    reader = PageReader(render_run(RunDirectory(tmp_path)))
    assert "The run has no final metrics" in reader.text
    assert "Nothing was logged more than once" in reader.text


@pytest.mark.parametrize(
    "records",
    [
        [{"step": 2, "train_loss": 1.0}],
        [{"step": 2, "loss": float("nan")}, {"step": 3, "eval_loss": float("inf")}],
        [{"step": 2, "loss": 1.0}],
    ],
)
def test_without_curves(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    page = render_run(made_run(tmp_path, logged=records))
    assert "<svg" not in page
    assert "<code>training.logging_steps</code>" in page


def test_a_metric_that_is_no_number(tmp_path: Path) -> None:
    run_dir = made_run(tmp_path, metrics={"test": {"pearson": None}}, logged=LOGGED)
    assert ["pearson", "no number"] in PageReader(render_run(run_dir)).tables["Final metrics"]


def test_samples_of_the_last_step(tmp_path: Path) -> None:
    run_dir = made_run(tmp_path)
    (run_dir.path / "samples.jsonl").write_text(
        '{"step": 1, "index": 0, "row": {"source": "x"}, "model": {"text": "early"}}\n'
        '{"step": 9, "index": 0, "row": {"source": "x"}, "model": {"text": "late"}}\n'
    )
    tables = PageReader(render_run(run_dir)).tables
    assert tables["Samples at step 9"] == [["source", "the model says"], ["x", "late"]]
