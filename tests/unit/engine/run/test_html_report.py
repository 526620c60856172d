"""The report of a run, from its files alone."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ftspec.engine.run.html_report import render_report
from ftspec.rundir import RunDirectory

SPEC = 'ftspec: 1\nname: "<b>words</b> & more"\n'
LOGGED: list[dict[str, Any]] = [
    {"step": 10, "loss": 2.0, "learning_rate": 1e-3},
    {"step": 10, "eval_loss": 1.5, "eval_accuracy": 0.5},
    {"step": 20, "loss": 1.0},
    {"step": 20, "eval_loss": 1.25},
    {"step": 20, "train_runtime": 3.0, "train_loss": 1.5},
]


def run_with(folder: Path, records: list[dict[str, Any]], metrics: Any = None) -> RunDirectory:
    run_dir = RunDirectory(folder / "words & more" / "20240101T000000Z-abc")
    run_dir.path.mkdir(parents=True)
    for record in records:
        run_dir.append_metrics(record)
    run_dir.write_text("spec.resolved.yaml", SPEC)
    run_dir.write_json("lock.json", {"python": "3.11", "note": "<script>alert(1)</script>"})
    run_dir.write_json("metrics.json", metrics or {"validation": {"loss": 1.25, "f1": 0.5}})
    return run_dir


class Tags(HTMLParser):
    """Every tag, and whether each is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_with_losses(tmp_path: Path) -> None:
    page = render_report(run_with(tmp_path, LOGGED))
    tags = Tags(page)
    assert tags.open == []
    assert tags.seen.count("polyline") == 2
    drawing = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    lines = [
        (
            line[0].text,
            [tuple(map(float, point.split(","))) for point in line.get("points", "").split()],
        )
        for line in drawing.iter("polyline")
    ]
    # steps go right, losses go up: 640 by 240 with a margin of 40, from 1.0 below to 2.0 above
    assert lines == [
        ("training loss", [(320.0, 40.0), (600.0, 200.0)]),
        ("validation loss", [(320.0, 120.0), (600.0, 160.0)]),
    ]
    assert [text.text for text in drawing.iter("text")][:3] == ["2", "1", "step 20"]


@pytest.mark.parametrize(
    "records",
    [
        [{"step": 2, "train_loss": 1.0}],
        [{"step": 2, "loss": float("nan")}, {"step": 2, "eval_loss": float("inf")}],
    ],
)
def test_without_losses(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    page = render_report(run_with(tmp_path, records))
    assert Tags(page).open == []
    assert "<svg" not in page
    assert "No loss was logged" in page


def test_one_point_and_a_constant(tmp_path: Path) -> None:
    page = render_report(run_with(tmp_path, [{"step": 0, "loss": 1.0}, {"step": 0, "loss": 1.0}]))
    assert Tags(page).seen.count("polyline") == 1
    assert "nan" not in page


def test_metrics_spec_and_lock_are_shown_as_text(tmp_path: Path) -> None:
    metrics = {"validation": {"loss": 1.25, "f1": 0.5}, "test": {"pearson": float("nan")}}
    page = render_report(run_with(tmp_path, LOGGED, metrics))
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page)
    assert cells == [
        *("validation", "loss", "1.2500"),
        *("validation", "f1", "0.5000"),
        *("test", "pearson", "no number"),
    ]
    assert "&lt;b&gt;words&lt;/b&gt; &amp; more" in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<h1>words &amp; more · 20240101T000000Z-abc</h1>" in page


def test_it_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    page = render_report(run_with(tmp_path, LOGGED))
    assert not re.search(r"\b(?:src|href)=|@import|url\(", page)
    assert json.dumps("3.11") in page.replace("&quot;", '"')
