"""``lint --fix`` and ``--diff`` on real files."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ftspec.cli.lint import lint_command

pytestmark = pytest.mark.place

BROKEN = """\
# a comment
ftspec: 1
data:
  source: {type: hub, path: fancyzhx/ag_news, revision: main}   # kept
preprocess:
  template: {text: "{text}", lable: "{label}"}
model: {checkpoint: google-bert/bert-base-uncased, revision: main}
task: text-classification
training:
  lerning_rate: "2e-5"
  max_steps: 10
"""
FIXED = BROKEN.replace("lerning_rate", "learning_rate").replace('"2e-5"', "2e-5")
FIXED = FIXED.replace("lable", "label")


def write(folder: Path, content: bytes) -> Path:
    path = folder / "spec.yaml"
    path.write_bytes(content)
    return path


def test_fix_mends_step_by_step_and_keeps_the_layout(tmp_path: Path) -> None:
    path = write(tmp_path, BROKEN.encode())
    result = CliRunner().invoke(lint_command, [str(path), "--fix"])

    assert path.read_text() == FIXED
    assert result.stdout == ""
    assert "fixed 3" in result.stderr


def test_fix_keeps_byte_order_mark_line_ends_and_mode(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf" + BROKEN.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    CliRunner().invoke(lint_command, [str(path), "--fix"])

    assert path.read_bytes() == b"\xef\xbb\xbf" + FIXED.replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o640


def test_fix_follows_a_link_and_leaves_it(tmp_path: Path) -> None:
    path = write(tmp_path, BROKEN.encode())
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    CliRunner().invoke(lint_command, [str(link), "--fix"])

    assert link.is_symlink()
    assert path.read_text() == FIXED


def test_diff_shows_and_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, BROKEN.encode())
    result = CliRunner().invoke(lint_command, [str(path), "--diff"])

    assert path.read_text() == BROKEN
    assert '-  lerning_rate: "2e-5"\n' in result.stdout
    assert "+  learning_rate: 2e-5\n" in result.stdout
    assert "can fix 3" in result.stderr
