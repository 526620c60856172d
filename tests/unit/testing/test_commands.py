"""The command in the process of a test: its exit code and its output."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.testing import NonconformingError
from ftspec.testing.commands import output_of, run_command


def test_output_of_a_successful_command() -> None:
    done = run_command("explain", "learning-rate")
    assert (done.code, done.err) == (0, "")
    assert done.out == output_of("explain", "learning-rate")
    assert done.out.startswith("learning-rate\n")


def test_command_that_fails(tmp_path: Path) -> None:
    done = run_command("predict", tmp_path, "a text")
    assert (done.code, done.out) == (2, "")
    assert "is not a run directory" in done.err
    with pytest.raises(NonconformingError, match=r"exit code 2: .*is not a run directory"):
        output_of("predict", tmp_path, "a text")


def test_lint_would_end_the_process() -> None:
    with pytest.raises(ValueError, match=r"use ftspec\.testing\.lint_spec"):
        run_command("lint", "spec.yaml")
