"""A spec without splits has those of its source: known to lint for local ones, else to the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import datasets
import pytest

from ftspec.engine.data.source_splits import settle_splits
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError
from ftspec.planning.source_splits import known_splits
from ftspec.running.quiet_watcher import QuietWatcher
from tests.unit.conftest import PlanOf
from tests.unit.isolation import isolated_libraries

SPEC = """\
ftspec: 1
data: {source: SOURCE}
preprocess: {template: {text: "{text}", label: "{label}"}}
model: {checkpoint: google-bert/bert-base-uncased, revision: v1}
task: text-classification
"""
HUB = "{type: hub, path: acme/reviews, revision: v1}"
ALL = "{type: json, files: {test: t.jsonl, extra: t.jsonl, validation: t.jsonl, train: t.jsonl}}"

TWO = "{type: disk, path: two}"


@pytest.fixture(scope="module", autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with isolated_libraries(tmp_path_factory.mktemp("caches")):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.jsonl").write_text('{"text": "a", "label": "b"}\n')
    rows = datasets.Dataset.from_dict({"text": ["a"], "label": ["b"]})
    rows.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": rows, "test": rows}).save_to_disk(tmp_path / "two")
    return tmp_path


@pytest.mark.parametrize(
    ("source", "known", "splits"),
    [
        (ALL, ["test", "extra", "validation", "train"], ["train", "validation", "test"]),
        ("{type: json, files: t.jsonl}", ["train"], ["train"]),
        ("{type: disk, path: one}", ["train"], ["train"]),
        (TWO, ["train", "test"], ["train", "test"]),
        (
            f"{{type: mixture, sources: [{{source: {ALL}}}, {{source: {TWO}}}]}}",
            ["test", "train"],
            ["train", "test"],
        ),
        (HUB, None, ["train"]),
    ],
)
def test_splits_of_a_source(
    plan_of: PlanOf, folder: Path, source: str, known: list[str] | None, splits: list[str]
) -> None:
    plan = plan_of(SPEC.replace("SOURCE", source), path=folder / "spec.yaml")
    assert known_splits(plan.source) == known
    assert list(plan.splits.named()) == splits
    assert plan.has_open_splits == (known is None)
    assert ("splits" in plan.to_spec()["data"]) == (known is not None)


def test_splits_in_part_mean_only_what_they_name(plan_of: PlanOf, folder: Path) -> None:
    source = f"{ALL}, splits: {{test: test}}"
    plan = plan_of(SPEC.replace("SOURCE", source), path=folder / "spec.yaml")
    assert list(plan.splits.named()) == ["train", "test"]


def test_the_run_settles_what_lint_does_not_know(plan_of: PlanOf, folder: Path) -> None:
    plan = plan_of(SPEC.replace("SOURCE", ALL), path=folder / "spec.yaml")
    hub = plan_of(SPEC.replace("SOURCE", HUB))
    is_open = replace(plan, splits=hub.splits, has_open_splits=True)
    with RunLog(folder / "log.txt", QuietWatcher(), plan.mask) as log:
        assert settle_splits(is_open, log) == plan
        assert settle_splits(plan, log) is plan


def test_a_run_that_evaluates_needs_a_validation_split(plan_of: PlanOf, folder: Path) -> None:
    source = "{type: json, files: t.jsonl}"
    plan = plan_of(SPEC.replace("SOURCE", source), path=folder / "spec.yaml")
    is_open = replace(plan, has_open_splits=True, training={"eval_strategy": "epoch"})
    with (
        RunLog(folder / "log.txt", QuietWatcher(), plan.mask) as log,
        pytest.raises(RunError) as caught,
    ):
        settle_splits(is_open, log)
    assert caught.value.slug == "no-validation-split"
