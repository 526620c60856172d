"""A program makes the pages of benchmark results from their numbers. Nobody edits them by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.record import RESULTS, docstring_of, make_record, read_record
from benchmarks.rows import compare

PAGES = sorted(RESULTS.glob("*.md"))
MACHINE = {"date": "2026-01-01", "cores": "2"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_what_its_numbers_render_to(page: Path) -> None:
    record = read_record(page.with_suffix(".json"))

    assert page.read_text(encoding="utf-8") == record.page(), "run: python -m benchmarks --render"
    assert page.stem == record.stem


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_numbers_are_as_a_benchmark_writes_them(page: Path) -> None:
    numbers = page.with_suffix(".json")

    assert numbers.read_text(encoding="utf-8") == read_record(numbers).to_json()


def test_there_are_results_and_all_have_a_page() -> None:
    assert PAGES
    assert [page.stem for page in PAGES] == sorted(file.stem for file in RESULTS.glob("*.json"))


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = list(compare("time, s", {"ftspec lint": [1.23456, 2.0, 4.0]}))
    record = make_record("lint_start", MACHINE, 3, rows)
    record.write(tmp_path)

    assert read_record(tmp_path / "lint_start.json") == record
    page = (tmp_path / "lint_start.md").read_text(encoding="utf-8")
    assert page == record.page()
    assert docstring_of("lint_start") in page
    assert "`python -m benchmarks lint_start --rounds 3`, date 2026-01-01; cores 2:" in page


def test_results_of_a_gpu_do_not_replace_those_of_a_cpu(tmp_path: Path) -> None:
    rows = list(compare("time, s", {"a batch": [1.0]}))
    for machine in (MACHINE, {**MACHINE, "GPU": "one"}):
        make_record("step_profile", machine, 1, rows).write(tmp_path)

    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "step_profile.json",
        "step_profile.md",
        "step_profile_on_gpu.json",
        "step_profile_on_gpu.md",
    ]
    assert make_record("train_on_gpu", {"GPU": "one"}, 1, rows).stem == "train_on_gpu"
