"""Charts: numbers to lines, in the colours of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ftspec.report.charts import Chart, Series, thinned
from ftspec.report.learning_curves import learning_curves, logged_lines

RISING = Series("up", [(0.0, 0.0), (10.0, 1.0)])
FALLING = Series("down", [(0.0, 1.0), (10.0, 0.0)])


def lines_in(svg: str) -> list[tuple[str, list[tuple[float, float]]]]:
    """The colour and the points of each line that is thick, as those of data are."""
    found = []
    for path, style in re.findall(r'<path d="([^"]*)" style="([^"]*)"', svg):
        if re.search(r"stroke-width: [246](?:;|$)", style):
            points = [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]
            found.append((re.findall(r"stroke: (var\([^)]*\))", style)[0], points))
    return found


def test_steps_go_right_and_values_go_up() -> None:
    svg = Chart("t", "step", "loss", [RISING, FALLING]).svg
    (first, up), (second, down) = lines_in(svg)
    assert (first, second) == ("var(--series-1)", "var(--series-2)")
    assert up[0][0] == down[0][0] < up[1][0] == down[1][0]
    assert up[0][1] == down[1][1] > up[1][1] == down[0][1]


def test_a_drawing_has_only_lines_and_numbers() -> None:
    svg = str(Chart("t", "step", "loss", [RISING, FALLING]).svg)
    assert set(re.findall(r"<(\w+)", svg)) == {"path", "text"}
    assert {"0", "2", "10", "0.5"} - {*re.findall(r">([^<]+)</text>", svg)} <= {"2", "0.5"}
    assert not re.search(r"#[0-9a-f]{6}|font|url|\bid=", svg)


def test_a_single_point_is_a_dot() -> None:
    svg = Chart("t", "step", "loss", [RISING, Series("one", [(5.0, 0.5)])]).svg
    (_, _), (colour, dot) = lines_in(svg)
    assert colour == "var(--series-2)"
    assert len({*dot}) == 1


def test_settings_of_the_folder_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib

    chart = Chart("t", "step", "loss", [RISING])
    before = str(chart.svg)
    with matplotlib.rc_context({"svg.fonttype": "path", "lines.linewidth": 9, "text.usetex": True}):
        assert str(chart.svg) == before


def test_long_lines_are_thinned() -> None:
    points = [(float(one), 0.0) for one in range(10_000)]
    kept = thinned(points, 400)
    assert len(kept) == 400
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert len(str(Chart("t", "x", "y", [Series("long", points)]).svg)) < 20_000
    numbers = Chart("t", "x", "y", [Series("long", points)]).numbers
    assert numbers.left_out == "20 of 10,000 points"


@pytest.mark.parametrize("value", [0.0, 1e-9, 1e9, -3.0])
def test_a_line_without_change(value: float) -> None:
    svg = Chart("t", "step", "loss", [Series("flat", [(0.0, value), (1.0, value)])]).svg
    assert len(lines_in(svg)) == 1
    assert "nan" not in svg


def test_logged_keys_are_of_sets() -> None:
    records = [
        {"step": 1, "loss": 3.0, "eval_loss": 2.0, "eval_news/f1": 0.1, "test_f1": 0.2, "epoch": 1}
    ]
    assert logged_lines(records) == {
        "loss": {"training": [(1, 3.0)], "validation": [(1, 2.0)]},
        "f1": {"news": [(1, 0.1)], "test": [(1, 0.2)]},
    }


def test_the_loss_comes_first_and_the_learning_rate_second() -> None:
    keys = ("grad_norm", "eval_accuracy", "learning_rate", "eval_loss")
    records = [{"step": step, **dict.fromkeys(keys, step)} for step in (1, 2)]
    charts, left_out = learning_curves(records)
    assert [chart.y for chart in charts] == ["loss", "learning_rate", "accuracy", "grad_norm"]
    assert left_out == ""
