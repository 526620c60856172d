"""Run directories that match the pattern of the source are reported."""

from __future__ import annotations

import glob
from pathlib import Path

import pytest

from tests.unit.conftest import Diagnose

pytestmark = pytest.mark.place

PATTERNS = [
    "data/*.jsonl",
    "data/**/*.jsonl",
    "data/**",
    "data/*/*/*.jsonl",
    "data/*/*/*/*.jsonl",
    "data/[a-z]*/*/20*/metrics.jsonl",
    "data/runs/**/log.txt",
    "**/*.jsonl",
    "**/*.csv",
    "dat?/r*/**/c*/*/*.json",
    "data/**/**/*.json",
    "other/**/*.jsonl",
    "data/rows.jsonl",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("output", [".", "data", "data/runs", "runs", "other/runs", "data/../runs"])
def test_finding_is_what_glob_finds(
    pattern: str,
    output: str,
    diagnose: Diagnose,
    minimal_spec: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = tmp_path / output / "spec" / "20260101T000000Z-0123abcd"
    (run / "checkpoints" / "checkpoint-1").mkdir(parents=True)
    names = ("metrics.jsonl", "log.txt", "checkpoints/checkpoint-1/trainer_state.json")
    for name in names:
        (run / name).write_text("{}")
    monkeypatch.chdir(tmp_path)
    written = {(run / name).resolve() for name in names}
    read = {Path(name).resolve() for name in glob.glob(pattern, recursive=True)}
    text = minimal_spec.replace("type: hub, path: acme/reviews", f'type: json, files: "{pattern}"')
    found = diagnose(f"{text}output: {{dir: {output}}}\n", path=tmp_path / "spec.yaml")
    assert ("11:15 output-in-data" in found) is bool(written & read)


def test_folder_of_a_saved_data_set_is_no_place_for_runs(
    diagnose: Diagnose, minimal_spec: str, tmp_path: Path
) -> None:
    (tmp_path / "saved").mkdir()
    text = minimal_spec.replace("type: hub, path: acme/reviews", "type: disk, path: saved")
    for output, findings in (
        ("saved", ["11:15 output-in-data"]),
        ("saved/runs", ["11:15 output-in-data"]),
        ("saves", []),
        ("saved/../runs", []),
    ):
        spec = f"{text}output: {{dir: {output}}}\n"
        assert diagnose(spec, path=tmp_path / "spec.yaml") == findings


def test_folder_from_the_command_line_counts(
    diagnose: Diagnose, minimal_spec: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "a", "stars": 1}\n')
    text = minimal_spec.replace("type: hub, path: acme/reviews", 'type: json, files: "**/*.jsonl"')
    spec = tmp_path / "spec.yaml"
    assert diagnose(text, path=spec, output_dir=tmp_path) == ["1:1 output-in-data"]
