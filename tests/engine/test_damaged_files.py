"""A run that is resumed after damage ends with the weights of the undisturbed run, or says what to
do; no damaged model is used."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from ftspec.engine.artifacts.saved_model import load_trained
from ftspec.engine.run.opening import owned_run
from ftspec.errors import RunError
from ftspec.rundir import RunDirectory
from tests.engine.running import Engine, Recorder

pytestmark = pytest.mark.slow

SPEC = """\
ftspec: 1
name: damaged
data: {source: {type: json, files: "%(rows)s"}, splits: {train: "train[:24]"}}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 24}
model: {checkpoint: "%(model)s"}
task: text-classification
training:
  max_steps: 9
  per_device_train_batch_size: 4
  learning_rate: 1e-3
  save_strategy: steps
  save_steps: 2
  save_total_limit: 2
performance: {precision: fp32}
output: {keep_optimizer: true}
"""
Damage = Callable[[Path], object]


def cut(path: Path) -> None:
    """Leave the first half of a file."""
    os.truncate(path, path.stat().st_size // 2)


def change(path: Path) -> None:
    """Change a byte in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


FILES = (
    "config.json",
    "model.safetensors",
    "optimizer.pt",
    "rng_state.pth",
    "scheduler.pt",
    "trainer_state.json",
    "manifest.json",
)
KINDS: dict[str, Damage] = {"removed": Path.unlink, "cut": cut, "changed": change}


@pytest.fixture(scope="module")
def spec(bert: Path, glosses: Path) -> str:
    return SPEC % {"model": bert, "rows": glosses}


@pytest.fixture(scope="module")
def finished(spec: str, tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """The undisturbed run, with its last two checkpoints."""
    return Engine(tmp_path_factory.mktemp("finished")).execute(spec).run_dir


def copied(run_dir: RunDirectory, folder: Path) -> RunDirectory:
    """A copy of a run that was killed after its last checkpoint."""
    shutil.copytree(run_dir.path, folder)
    copy = RunDirectory(folder)
    shutil.rmtree(copy.model)
    copy.set_status("failed", plan=run_dir.status()["plan"])
    return copy


def assert_same_weights(run_dir: RunDirectory, other: RunDirectory) -> None:
    ours, theirs = (load_file(one.model / "model.safetensors") for one in (run_dir, other))
    assert ours.keys() == theirs.keys()
    assert all(ours[name].equal(theirs[name]) for name in ours)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "removed") for name in FILES),
        ("model.safetensors", "cut"),
        ("optimizer.pt", "changed"),
        ("trainer_state.json", "cut"),
    ],
)
def test_damaged_checkpoint_is_passed_over(
    engine: Engine, spec: str, finished: RunDirectory, tmp_path: Path, name: str, kind: str
) -> None:
    run_dir = copied(finished, tmp_path / "run")
    KINDS[kind](run_dir.checkpoints / "checkpoint-9" / name)

    watcher = Recorder()
    engine.execute(spec, watcher=watcher, resume=run_dir)

    assert_same_weights(run_dir, finished)
    assert any(note.startswith("checkpoint-9: ") for note in watcher.notes)
    assert "resuming from step 8" in watcher.notes
    assert (run_dir.checkpoints / "damaged-checkpoint-9").is_dir()


def test_run_without_a_whole_checkpoint_is_refused(
    engine: Engine, spec: str, finished: RunDirectory, tmp_path: Path
) -> None:
    run_dir = copied(finished, tmp_path / "run")
    for step in (8, 9):
        cut(run_dir.checkpoints / f"checkpoint-{step}" / "optimizer.pt")
    with pytest.raises(RunError, match=r"no checkpoint in .* is whole") as caught:
        engine.execute(spec, resume=run_dir)
    assert len(caught.value.helps) == 3
    assert (run_dir.checkpoints / "checkpoint-9").is_dir()


def test_damaged_model_predicts_nothing(
    engine: Engine, spec: str, finished: RunDirectory, tmp_path: Path
) -> None:
    plan = engine.plan(spec)
    names = sorted(path.name for path in finished.model.iterdir())
    assert {"manifest.json", "model.safetensors", "tokenizer.json"} <= set(names)
    for number, name in enumerate(names):
        for kind, damage in KINDS.items():
            folder = tmp_path / f"{number}-{kind}"
            shutil.copytree(finished.path, folder)
            damage(folder / "model" / name)
            with pytest.raises(RunError) as caught:
                load_trained(plan, RunDirectory(folder), print)
            assert caught.value.slug == "no-model"
            assert name in caught.value.headline
            shutil.rmtree(folder)


def test_killed_save_leaves_no_model(
    engine: Engine, spec: str, finished: RunDirectory, tmp_path: Path
) -> None:
    """The files of a save that did not end are not the model, and the resumed run replaces them."""
    run_dir = copied(finished, tmp_path / "run")
    (run_dir.path / "model.new").mkdir()
    (run_dir.path / "model.new" / "config.json").write_text("{}")
    with pytest.raises(RunError, match="has no model"):
        load_trained(engine.plan(spec), run_dir, print)
    engine.execute(spec, resume=run_dir)
    assert_same_weights(run_dir, finished)
    assert not (run_dir.path / "model.new").exists()


def test_second_process_does_not_resume(
    engine: Engine, spec: str, finished: RunDirectory, tmp_path: Path
) -> None:
    run_dir = copied(finished, tmp_path / "run")
    before = run_dir.status()
    with owned_run(run_dir), pytest.raises(RunError, match="another process has the run"):
        engine.execute(spec, resume=run_dir)
    assert run_dir.status() == before
    engine.execute(spec, resume=run_dir)
    assert_same_weights(run_dir, finished)
