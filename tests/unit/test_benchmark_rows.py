"""Rows of benchmarks say how far values spread only where there are enough to tell."""

from __future__ import annotations

import pytest

from benchmarks.rows import Row, compare, from_json, markdown, to_json


@pytest.mark.parametrize("values", [[5.0], [4.0, 6.0]])
def test_fewer_than_three_values_have_a_median_and_no_quartiles(values: list[float]) -> None:
    rows = list(compare("time, s", {"run": values}))

    assert rows == [Row(case="run", measure="time, s", median=5.0)]
    assert to_json(rows)[0]["low"] is None
    assert to_json(rows)[0]["high"] is None
    assert markdown(rows).splitlines() == [
        "| case | time, s |",
        "| --- | --- |",
        "| run | 5.00 |",
    ]


def test_three_values_have_quartiles() -> None:
    rows = list(compare("time, s", {"run": [1.0, 2.0, 4.0]}))

    assert (rows[0].low, rows[0].high) == (1.5, 3.0)
    assert markdown(rows).splitlines() == [
        "| case | time, s (quartiles) |",
        "| --- | --- |",
        "| run | 2.00 (1.50 to 3.00) |",
    ]


def test_a_ratio_is_the_median_of_the_ratios_within_a_round() -> None:
    values = {"script": [1.0, 2.0, 4.0], "run": [3.0, 2.0, 8.0]}
    rows = list(compare("time, s", values, to="script"))

    assert [row.ratio for row in rows] == [1.0, 2.0]
    assert markdown(rows).splitlines()[0] == "| case | time, s (quartiles) | ÷ script |"
    assert markdown(rows).splitlines()[3].endswith("| **2.00** |")


def test_a_case_without_a_measure_leaves_its_columns_empty() -> None:
    rows = [
        *compare("speed", {"script": [1.0], "run": [2.0]}, to="script"),
        *compare("memory, MB", {"run": [7.0], "idle": [3.0]}),
    ]

    assert markdown(rows).splitlines()[2:] == [
        "| script | 1.00 | **1.00** |  |",
        "| run | 2.00 | **2.00** | 7.00 |",
        "| idle |  |  | 3.00 |",
    ]


def test_rows_are_read_as_they_were_written() -> None:
    rows = list(compare("time, s", {"run": [1.23456, 2.0, 4.0]}))

    written = to_json(rows)
    assert to_json(from_json(written)) == written
