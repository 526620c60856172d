"""The observers write a line when a run begins and one when it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from ftspec_example.history import NAME

from ftspec.cli import main

SPEC = Path(__file__).parents[1] / "specs" / "definitions.yaml"


def test_run_is_in_the_history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = ["ftspec", "run", str(SPEC), "--profile", "smoke", "--output-dir", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    history = (tmp_path / "definitions" / NAME).read_text(encoding="utf-8").splitlines()
    begun, ended = map(json.loads, history)
    assert (begun["event"], ended["event"]) == ("started", "finished")
    assert begun["run"] == ended["run"]
    assert "accuracy" in ended["metrics"]["validation"]
