"""The observers write a line when a run begins and one when it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ftspec_example.history import NAME

SPEC = Path(__file__).parents[1] / "specs" / "definitions.yaml"


def test_run_is_in_the_history(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ftspec", "run", SPEC, "--profile", "smoke"]
    done = subprocess.run(
        [*command, "--output-dir", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    history = (tmp_path / "definitions" / NAME).read_text(encoding="utf-8").splitlines()
    begun, ended = map(json.loads, history)
    assert (begun["event"], ended["event"]) == ("started", "finished")
    assert begun["run"] == ended["run"]
    assert "accuracy" in ended["metrics"]["validation"]
