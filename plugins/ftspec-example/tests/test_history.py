"""The observers write a line when a run starts and when it ends."""

from __future__ import annotations

import json
from pathlib import Path

from ftspec_example.history import NAME

from ftspec.testing.commands import output_of

SPEC = Path(__file__).parents[1] / "specs" / "definitions.yaml"


def test_run_is_in_the_history(tmp_path: Path) -> None:
    output_of("run", SPEC, "--profile", "smoke", "--output-dir", tmp_path)
    history = (tmp_path / "definitions" / NAME).read_text(encoding="utf-8").splitlines()
    begun, ended = map(json.loads, history)
    assert (begun["event"], ended["event"]) == ("started", "finished")
    assert begun["run"] == ended["run"]
    assert "accuracy" in ended["metrics"]["validation"]
