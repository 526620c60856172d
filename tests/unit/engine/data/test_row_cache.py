"""Rows prepared once are found again, and never where anything they depend on has changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest

from ftspec.cache import RECORD, cache_folder, entries_in, unfinished_in
from ftspec.components import SourceComponent, TransformComponent
from ftspec.engine.data import code_hashes as code
from ftspec.engine.data.preparation import Preparation, prepare
from ftspec.engine.model.checkpoint import locate
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError
from ftspec.registry.registry import Plugin, Registered, Registry
from ftspec.spec.base import ComponentConfig
from tests.engine.running import Engine, Recorder
from tests.unit import tiny

SPEC = """\
ftspec: 1
name: kept
data:
  source: {type: json, files: ROWS}
  splits: {train: "train[:200]", validation: "train[200:240]", test: {from: train, fraction: 0.1}}
preprocess:
  transforms: [{type: filter, column: text, min_words: 3}]
  template: {text: "see: {text}", label: "{label}"}
tokenizer: {max_length: 16}
model: {checkpoint: MODEL}
task: text-classification
"""
ALL = ["train", "validation", "test"]


class Kitchen:
    """Prepares specs with a cache, files and a model of its own; ``mapped`` are the sizes of what
    was mapped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = folder / "rows.jsonl"
        self.model = folder / "model"
        self.notes: list[str] = []
        self.mapped: list[int] = []
        self.engine = Engine(folder)

    def prepare(
        self,
        *replaced: tuple[str, str],
        spec: str = SPEC,
        environment: dict[str, str] | None = None,
    ) -> Preparation:
        """The data of the spec with these replaced in it."""
        for before, after in replaced:
            assert before in spec
            spec = spec.replace(before, after)
        spec = spec.replace("ROWS", str(self.rows)).replace("MODEL", str(self.model))
        plan = self.engine.plan(spec, environment=environment)
        written = plan.model.checkpoint
        watcher = Recorder()
        self.notes = watcher.notes
        self.mapped = []
        with RunLog(self.folder / "log.txt", watcher) as log:
            return prepare(plan, locate(written, None) if written is not None else None, log)

    @property
    def found(self) -> list[str]:
        """The splits that came from the cache the last time."""
        known = [note.partition(":")[0] for note in self.notes if "prepared before" in note]
        return [split for split in ALL if split in known]


@pytest.fixture
def kitchen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kitchen:
    monkeypatch.setenv("FTSPEC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
    made = Kitchen(tmp_path)
    shutil.copy(tiny.WORDNET / "validation.jsonl", made.rows)
    source = tiny.minilm()
    made.model.mkdir()
    for path in source.iterdir():
        if path.is_file() and path.suffix in (".json", ".txt"):
            shutil.copy(path, made.model)
    original = datasets.Dataset.map

    def counting(self: datasets.Dataset, *arguments: Any, **options: Any) -> datasets.Dataset:
        made.mapped.append(len(self))
        return original(self, *arguments, **options)

    monkeypatch.setattr(datasets.Dataset, "map", counting)
    return made


def contents(data: Preparation) -> dict[str, Any]:
    return {split: rows[:] for split, rows in data.encoded.items()}


def test_the_second_time_nothing_is_loaded_rendered_or_tokenized(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kitchen.prepare()
    assert kitchen.found == []
    assert len(kitchen.mapped) == 2 * len(ALL) + 2  # fields and tokens, and two slices filtered

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise AssertionError("rows are loaded again")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    again = kitchen.prepare()
    assert kitchen.found == ALL
    assert kitchen.mapped == []
    assert contents(again) == contents(first)
    assert [list(rows) for rows in again.fields.values()] == [
        list(rows) for rows in first.fields.values()
    ]
    assert again.task.model_settings() == first.task.model_settings()
    assert again.source == first.source
    for split, rows in again.encoded.items():
        assert rows.features == first.encoded[split].features
        assert f"{split}: {len(rows)} rows, prepared before" in kitchen.notes


LEARNED = (
    ("{max_length: 16}", "{type: train, algorithm: ALGORITHM, vocab_size: 500, max_length: 16}"),
    (
        "checkpoint: MODEL",
        "architecture: bert, init: random, config: {max_position_embeddings: 64}",
    ),
)


@pytest.mark.parametrize("algorithm", ["wordpiece", "bpe", "unigram"])
def test_a_learned_tokenizer_is_found_too(algorithm: str, kitchen: Kitchen) -> None:
    changes = [(before, after.replace("ALGORITHM", algorithm)) for before, after in LEARNED]
    first = kitchen.prepare(*changes)
    learned = [note for note in kitchen.notes if "trained a" in note]
    again = kitchen.prepare(*changes)
    assert len(learned) == 1
    assert kitchen.found == ALL
    assert not [note for note in kitchen.notes if "trained a" in note]
    assert contents(again) == contents(first)
    assert again.tokenizer.backend_tokenizer.to_str() == first.tokenizer.backend_tokenizer.to_str()
    assert again.tokenizer.special_tokens_map == first.tokenizer.special_tokens_map
    # another training row teaches another tokenizer, so nothing encoded with it is the same
    kitchen.prepare(*changes, ("train[:200]", "train[:199]"))
    assert kitchen.found == []


@pytest.mark.parametrize(
    ("change", "still_found"),
    [
        (("see: {text}", "look: {text}"), []),
        (("{label}", "a {label}"), []),
        (("max_length: 16", "max_length: 15"), []),
        (("min_words: 3", "min_words: 4"), []),
        (("transforms: [{", "transforms: [deduplicate, {"), []),
        (("train[:200]", "train[:199]"), []),
        (("fraction: 0.1", "fraction: 0.2"), []),
        (("fraction: 0.1", "fraction: 0.1, seed: 7"), []),
        (("fraction: 0.1", "fraction: 0.1, stratify_by: label"), []),
        (("train[200:240]", "train[200:239]"), ["train", "test"]),
        (("name: kept", "name: kept\nseed: 7"), []),
        (("task: text-classification", "task: {type: text-classification, threshold: 0.4}"), []),
        (("{checkpoint: MODEL}", "{checkpoint: MODEL, config: {max_position_embeddings: 99}}"), []),
        (("name: kept", "name: renamed"), ALL),
        (("name: kept", "name: kept\ntraining: {learning_rate: 0.1}"), ALL),
    ],
    ids=lambda value: str(value[1]) if isinstance(value, tuple) else "",
)
def test_what_the_spec_says(
    change: tuple[str, str], still_found: Sequence[str], kitchen: Kitchen
) -> None:
    kitchen.prepare()
    kitchen.prepare(change)
    assert kitchen.found == still_found
    kitchen.prepare()
    assert kitchen.found == ALL


def test_the_rows_of_a_file_written_anew_with_its_old_time(kitchen: Kitchen) -> None:
    first = kitchen.prepare()
    status = kitchen.rows.stat()
    text = kitchen.rows.read_text(encoding="utf-8")
    word = next(iter(first.fields["train"]))["text"].split()[1]
    kitchen.rows.write_text(text.replace(word, word[::-1], 1), encoding="utf-8")
    os.utime(kitchen.rows, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert kitchen.rows.stat().st_size == status.st_size
    changed = kitchen.prepare()
    assert kitchen.found == []
    assert contents(changed) != contents(first)


def _edit_json(path: Path, **values: Any) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | values), encoding="utf-8")


def _swap_two_pieces(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = content["model"]["vocab"]
    vocabulary["the"], vocabulary["of"] = vocabulary["of"], vocabulary["the"]
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    "edit",
    [
        lambda model: _swap_two_pieces(model / "tokenizer.json"),
        lambda model: _edit_json(model / "tokenizer_config.json", do_lower_case=False),
        lambda model: _edit_json(model / "tokenizer_config.json", truncation_side="left"),
        lambda model: _edit_json(model / "tokenizer_config.json", model_max_length=64),
        lambda model: _edit_json(
            model / "tokenizer_config.json", model_input_names=["input_ids", "attention_mask"]
        ),
    ],
    ids=["vocabulary", "case", "truncation side", "limit", "inputs"],
)
def test_the_files_of_the_tokenizer(edit: Callable[[Path], None], kitchen: Kitchen) -> None:
    kitchen.prepare()
    edit(kitchen.model)
    kitchen.prepare()
    assert kitchen.found == []


def test_a_moved_model_with_the_same_tokenizer_changes_nothing(kitchen: Kitchen) -> None:
    kitchen.prepare()
    moved = kitchen.folder / "moved"
    kitchen.model.rename(moved)
    kitchen.prepare(("MODEL", str(moved)))
    assert kitchen.found == ALL


@pytest.mark.parametrize("package", code.PACKAGES)
def test_the_version_of_a_library(
    package: str, kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    kitchen.prepare()
    known = code.version_of
    monkeypatch.setattr(code, "version_of", lambda name: "99" if name == package else known(name))
    kitchen.prepare()
    assert kitchen.found == []


@pytest.mark.parametrize(
    ("file", "is_read_by_rows"),
    [("data/code_hashes.py", True), ("run/lock.py", False), ("trainer/arguments.py", False)],
)
def test_only_code_that_rows_pass_through_counts(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch, file: str, is_read_by_rows: bool
) -> None:
    kitchen.prepare()
    changed = Path(code.__file__).parents[1] / file
    own, read = changed.read_bytes(), Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: own + b"#" if path == changed else read(path)
    )
    code.hash_of_source.cache_clear()
    kitchen.prepare()
    assert kitchen.found == ([] if is_read_by_rows else ALL)
    monkeypatch.undo()
    code.hash_of_source.cache_clear()


def test_a_value_from_the_environment(kitchen: Kitchen) -> None:
    spec = SPEC.replace("ROWS", '"FOLDER/${env:PLACE}/rows.jsonl"')
    spec = spec.replace("FOLDER", str(kitchen.folder))
    for place in ("hush-1", "hush-2"):
        (kitchen.folder / place).mkdir()
        shutil.copy(kitchen.rows, kitchen.folder / place)
    kitchen.prepare(spec=spec, environment={"PLACE": "hush-1"})
    kitchen.prepare(spec=spec, environment={"PLACE": "hush-2"})
    assert kitchen.found == []
    kitchen.prepare(spec=spec, environment={"PLACE": "hush-1"})
    assert kitchen.found == ALL
    records = [(entry.path / RECORD).read_text() for entry in entries_in(cache_folder())]
    assert len(records) == 6
    assert not any("hush" in record for record in records)


class NoKeys(ComponentConfig):
    """Nothing to configure."""


PLUGIN = """\
import datasets
from ftspec.api import sha256_of

class Rows:
    def split_names(self): return ["train"]
    def load(self, split):
        return datasets.Dataset.from_list([{"text": f"w{n}", "label": n % 2} for n in range(300)])
    def identity(self): return IDENTITY

class Shout:
    def apply(self, rows): return rows.map(shout)

def shout(row): return {"text": row["text"].upper() + " and so on"}
def rows(config, context): return Rows()
def transform(config, context): return Shout()
"""


@pytest.fixture
def plugin(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Installs a plugin with a source and a transform, of the source text given."""
    folder = kitchen.folder / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    installed = Plugin(name="acme", distribution="acme-rows", version="1")
    components = [
        SourceComponent(name="acme", summary="rows", config=NoKeys, factory="acme_rows:rows"),
        TransformComponent(
            name="shout", summary="loud", config=NoKeys, factory="acme_rows:transform"
        ),
    ]
    known = kitchen.engine.registry
    kitchen.engine.registry = Registry(
        {
            **known.components,
            **{(one.kind, one.name): Registered(one, installed) for one in components},
        },
        (*known.plugins, installed),
    )

    def install(text: str) -> None:
        (folder / "acme_rows.py").write_text(text)
        sys.modules.pop("acme_rows", None)
        shutil.rmtree(folder / "__pycache__", ignore_errors=True)
        code.hash_of_source.cache_clear()

    return install


ACME = (
    ("{type: json, files: ROWS}", "acme"),
    ("[{type: filter, column: text, min_words: 3}]", "[shout]"),
)


def test_the_code_of_a_plugin(kitchen: Kitchen, plugin: Callable[[str], None]) -> None:
    text = PLUGIN.replace("IDENTITY", '{"revision": "one"}')
    plugin(text)
    first = kitchen.prepare(*ACME)
    kitchen.prepare(*ACME)
    assert kitchen.found == ALL
    assert first.fields["train"][0]["text"] == "see: W0 and so on"
    plugin(text.replace("and so on", "and no more"))
    upgraded = kitchen.prepare(*ACME)
    assert kitchen.found == []
    assert upgraded.fields["train"][0]["text"] == "see: W0 and no more"
    plugin(text.replace('"one"', '"two"'))
    kitchen.prepare(*ACME)
    assert kitchen.found == []


def test_the_version_of_a_plugin(
    kitchen: Kitchen, plugin: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(PLUGIN.replace("IDENTITY", '{"revision": "one"}'))
    kitchen.prepare(*ACME)
    monkeypatch.setattr(code, "_version_of_plugin", lambda name: "2")
    kitchen.prepare(*ACME)
    assert kitchen.found == []


@pytest.mark.parametrize(
    "identity",
    ["{}", '{"revision": None}', '{"sources": [{"revision": "a"}, {}]}', '{"files": {}}'],
)
def test_a_source_that_cannot_tell_its_rows_is_read_anew(
    identity: str, kitchen: Kitchen, plugin: Callable[[str], None]
) -> None:
    plugin(PLUGIN.replace("IDENTITY", identity))
    for _ in range(2):
        data = kitchen.prepare(*ACME)
        assert kitchen.found == []
        assert len(data.encoded["train"]) == 180
        assert data.encoded["train"][0]["input_ids"]
    assert entries_in(cache_folder()) == []
    assert "the prepared rows are not kept: the source does not say which rows it has" in (
        kitchen.notes
    )
    del data
    assert unfinished_in(cache_folder()) == []


def test_a_source_that_streams_without_saying_so(
    kitchen: Kitchen, plugin: Callable[[str], None]
) -> None:
    text = PLUGIN.replace("IDENTITY", '{"revision": "one"}')
    plugin(text.replace("range(300)])", "range(300)]).to_iterable_dataset()"))
    changes = (
        ("{type: json, files: ROWS}", "acme"),
        ("[{type: filter, column: text, min_words: 3}]", "[]"),
        ("test: {from: train, fraction: 0.1}", "test: train"),
        ("task: text-classification", "task: {type: text-classification, labels: ['0', '1']}"),
    )
    for _ in range(2):
        data = kitchen.prepare(*changes)
        assert next(iter(data.encoded["train"]))["labels"] == 0
        assert "the prepared rows are not kept: a stream is read again each time" in kitchen.notes
    assert entries_in(cache_folder()) == []


def test_rows_that_change_while_they_are_prepared_are_not_kept(
    kitchen: Kitchen, plugin: Callable[[str], None]
) -> None:
    plugin("import time\n" + PLUGIN.replace("IDENTITY", '{"revision": time.time_ns()}'))
    kitchen.prepare(*ACME)
    assert entries_in(cache_folder()) == []


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *product(["encoded.arrow", "fields.arrow"], ["cut", "flip", "gone"]),
        *product([RECORD], ["cut", "gone"]),
        *product(["notes.json"], ["cut", "gone"]),
    ],
)
def test_a_damaged_entry_is_made_anew(name: str, damage: str, kitchen: Kitchen) -> None:
    first = contents(kitchen.prepare())
    [entry] = [one for one in entries_in(cache_folder()) if one.record["split"] == "validation"]
    path = entry.path / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 0x55]) + content[middle + 1 :])
    again = contents(kitchen.prepare())
    assert kitchen.found == ["train", "test"]
    assert again == first
    kitchen.prepare()
    assert kitchen.found == ALL


def test_a_failed_preparation_leaves_nothing(kitchen: Kitchen) -> None:
    with pytest.raises(RunError):
        kitchen.prepare(('"{label}"', '"{text}"'), ("train[:200]", "train[:5]"))
    assert entries_in(cache_folder()) == []
    assert unfinished_in(cache_folder()) == []


PROCESS = """\
import sys
from tests.unit.engine.data.test_row_cache import Kitchen
from tests.unit.isolation import isolated_libraries
from pathlib import Path
folder = Path(sys.argv[1])
with isolated_libraries(folder / sys.argv[2]):
    kitchen = Kitchen(folder)
    kitchen.engine.folder = folder / sys.argv[2]
    data = kitchen.prepare()
    tokens = sum(map(sum, data.encoded["train"]["input_ids"]))
    print(len(data.encoded["train"]), tokens, kitchen.found)
"""


def test_processes_side_by_side_make_the_rows_once(kitchen: Kitchen) -> None:
    root = Path(__file__).parents[4]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(kitchen.folder), f"process{number}"],
            cwd=root,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    said = [process.communicate(timeout=900)[0].split(" ", 2) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert said[0][:2] == said[1][:2]
    assert sorted(found.strip() for _, _, found in said) == sorted(["[]", str(ALL)])
    assert len(entries_in(cache_folder())) == len(ALL)
    assert unfinished_in(cache_folder()) == []


def test_two_that_made_the_same_entry_share_it(kitchen: Kitchen, tmp_path: Path) -> None:
    """As where a file system has no locks."""
    first = contents(kitchen.prepare())
    elsewhere = tmp_path / "elsewhere"
    cache_folder().rename(elsewhere)
    kitchen.prepare()
    for entry in entries_in(elsewhere):
        with pytest.raises(OSError, match="not empty"):
            entry.path.rename(cache_folder() / entry.path.name)
    assert contents(kitchen.prepare()) == first


def test_a_folder_that_cannot_be_written(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTSPEC_CACHE", str(kitchen.rows))
    with pytest.raises(RunError) as caught:
        kitchen.prepare()
    assert caught.value.slug == "cache-not-writable"
    assert caught.value.helps == ("set another folder in the environment: FTSPEC_CACHE=DIR",)


def test_packed_rows_are_found_again(kitchen: Kitchen) -> None:
    changes = (
        ("task: text-classification", "task: text-generation"),
        ('text: "see: {text}", label: "{label}"', 'text: "{text}"'),
        ("{max_length: 16}", "{type: train, algorithm: bpe, vocab_size: 500, max_length: 16}"),
        ("checkpoint: MODEL", "architecture: gpt2, init: random, config: {n_positions: 64}"),
    )
    first = kitchen.prepare(*changes)
    again = kitchen.prepare(*changes)
    assert kitchen.found == ALL
    assert contents(again) == contents(first)
    lengths = np.array(list(map(len, again.encoded["train"]["input_ids"])))
    assert set(lengths[:-1]) == {16}
    ids = [token for row in again.encoded["train"]["input_ids"] for token in row]
    text = again.tokenizer.decode(ids, skip_special_tokens=False)
    documents = text.removesuffix("<|endoftext|>").split("<|endoftext|>")
    assert documents == [row["text"] for row in again.fields["train"]]


def test_what_was_said_of_rows_is_said_again(kitchen: Kitchen) -> None:
    changes = (
        ("task: text-classification", "task: text-generation"),
        ('text: "see: {text}", label: "{label}"', 'text: "{text}"'),
        ("test: {from: train, fraction: 0.1}", 'test: "train[240:241]"'),
        ("{max_length: 16}", "{type: train, algorithm: bpe, vocab_size: 500, max_length: 64}"),
        ("checkpoint: MODEL", "architecture: gpt2, init: random, config: {n_positions: 64}"),
    )

    def said() -> list[str]:
        kitchen.prepare(*changes)
        return [note for note in kitchen.notes if "less than one block" in note]

    first = said()
    assert len(first) == 1
    assert first[0].startswith("the test text has ")
    assert kitchen.found == []
    assert said() == first
    assert kitchen.found == ALL
