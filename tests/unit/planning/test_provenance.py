"""The origins of values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ftspec.diagnostics.model import Collector
from ftspec.document.load import read_source
from ftspec.document.paths import parse_path
from ftspec.linting import Verdict, examine
from ftspec.planning.provenance import UnknownPathError, explain_value, places_of_values
from ftspec.registry.discover import build_registry

BASE = """\
training:
  learning_rate: 2e-5
  weight_decay: 0.1
"""
SPEC = """\
ftspec: 1
extends: base.yaml
data:
  source: {type: hub, path: fancyzhx/ag_news}
preprocess:
  template: {text: "{text}", label: "{label}"}
model: {checkpoint: google-bert/bert-base-uncased}
task: text-classification
training: {learning_rate: 1e-4}
profiles:
  hot: {training: {learning_rate: 1e-3}}
"""


def examined(folder: Path, **options: Any) -> Verdict:
    (folder / "base.yaml").write_text(BASE)
    (folder / "spec.yaml").write_text(SPEC)
    source = read_source(folder / "spec.yaml", Collector())
    assert source is not None
    return examine(source, build_registry(), **options)


def explain(folder: Path, path: str, **options: Any) -> list[str]:
    verdict = examined(folder, **options)
    assert verdict.plan is not None
    assert verdict.document is not None
    steps = parse_path(path)
    assert steps is not None
    return explain_value(verdict.plan, verdict.document, steps)


def test_every_layer_is_told_from_the_top(tmp_path: Path) -> None:
    overrides = ["training.learning_rate=3e-4"]
    lines = explain(tmp_path, "training.learning_rate", profile="hot", overrides=overrides)

    assert lines == [
        "training.learning_rate is 0.0003",
        "  0.0003 at --set training.learning_rate=3e-4:1:24",
        f"  over 0.001 at {tmp_path / 'spec.yaml'}:11:35",
        f"  over 0.0001 at {tmp_path / 'spec.yaml'}:9:27",
        f"  over 2e-05 at {tmp_path / 'base.yaml'}:2:18",
        "  default 5e-05",
    ]


def test_default_was_written_by_nobody(tmp_path: Path) -> None:
    assert explain(tmp_path, "training.adam_beta1") == [
        "training.adam_beta1 is 0.9",
        "  not written in the spec: a default, or a result of other settings",
    ]


def test_default_of_a_component_is_known(tmp_path: Path) -> None:
    assert explain(tmp_path, "task.threshold")[0] == "task.threshold is 0.5"


def test_unknown_path_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownPathError) as caught:
        explain(tmp_path, "training.lerning_rate")

    assert caught.value.suggestion == ("training", "learning_rate")


def test_every_written_value_has_its_places(tmp_path: Path) -> None:
    verdict = examined(tmp_path, profile="hot", overrides=["training.weight_decay=0.2"])
    assert verdict.plan is not None
    assert verdict.document is not None
    places = places_of_values(verdict.plan, verdict.document)
    spec, base = tmp_path / "spec.yaml", tmp_path / "base.yaml"
    assert places["training.learning_rate"] == [f"{spec}:11:35", f"{spec}:9:27", f"{base}:2:18"]
    assert places["training.weight_decay"] == ["--set training.weight_decay=0.2", f"{base}:3:17"]
    assert places["task.type"] == [f"{spec}:8:7"]  # the short form of a section
    assert "task.problem" not in places  # a default
