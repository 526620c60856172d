"""`ftspec export`: a folder with a model card that loads without ftspec. Nothing is overwritten."""

from __future__ import annotations

import filecmp
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.command import FTSPEC, ROOT, Done, assert_no_traceback, ftspec, run
from tests.cli.conftest import SmokeRun, SmokeRuns
from tests.cli.warm import Warm

pytestmark = pytest.mark.slow

TEXT = "a large wild cat with a striped coat"


@pytest.fixture(scope="module")
def smoke_run(smoke_runs: SmokeRuns) -> SmokeRun:
    """A finished run of the quickstart."""
    return smoke_runs("quickstart").result()


@pytest.fixture(scope="module")
def output(smoke_run: SmokeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported model, in a folder whose parent did not exist before."""
    output = tmp_path_factory.mktemp("exported") / "models" / "topics"
    done = ftspec("export", smoke_run.run_dir, output)
    assert done.code == 0, done.said
    assert done.out == f"model  {output}\n"
    return output


def refused(code: int, said: str, *arguments: str | Path) -> Done:
    """Run an export that must fail."""
    done = ftspec("export", *arguments)
    assert done.code == code, done.said
    assert said in done.err
    assert_no_traceback(done)
    return done


def test_folder_is_the_model_of_the_run(smoke_run: SmokeRun, output: Path) -> None:
    names = {path.name for path in (smoke_run.run_dir / "model").iterdir()}
    files = sorted(names - {"manifest.json"})
    assert "model.safetensors" in files
    assert sorted(path.name for path in output.iterdir()) == sorted([*files, "README.md"])
    same, different, missing = filecmp.cmpfiles(
        smoke_run.run_dir / "model", output, files, shallow=False
    )
    assert (sorted(same), different, missing) == (files, [], [])
    assert list(output.parent.iterdir()) == [output]
    made = output.parent / "made"
    made.touch()  # safetensors makes files that only their owner can read
    for path in (*output.iterdir(), *(smoke_run.run_dir / "model").iterdir()):
        assert path.stat().st_mode == made.stat().st_mode, path
    made.unlink()


def test_transformers_reads_it(
    smoke_run: SmokeRun, output: Path, warm: Warm, local: dict[str, str]
) -> None:
    from transformers import pipeline

    [given] = pipeline("text-classification", model=str(output), device="cpu")([TEXT])
    done = warm.ftspec("predict", smoke_run.run_dir, TEXT, "--format", "json", env=local)
    [expected] = [yaml.safe_load(line) for line in done.out.splitlines()]
    assert given["label"] == expected["label"]
    assert given["score"] == pytest.approx(expected["score"], abs=1e-5)


def test_card_has_the_metrics_what_made_it_and_the_spec(smoke_run: SmokeRun, output: Path) -> None:
    card = (output / "README.md").read_text(encoding="utf-8")
    head = yaml.safe_load(card.split("---\n")[1])
    assert head == {"library_name": "transformers", "tags": ["ftspec"]}
    accuracy = smoke_run.read_json("metrics.json")["test"]["accuracy"]
    assert f"| test | accuracy | {accuracy:.4g} |" in card
    lock = smoke_run.read_json("lock.json")
    for fact in (
        lock["splits"]["train"]["sha256"],
        f"torch {lock['packages']['torch']}",
        "options of the run: `--profile smoke`",
        "train: 64 rows",
    ):
        assert fact in card
    spec = (smoke_run.run_dir / "spec.yaml").read_text(encoding="utf-8").strip()
    assert f"````yaml\n{spec}\n````\n" in card
    assert str(ROOT) not in card
    assert sys.prefix not in card


def test_existing_folder_is_not_overwritten(smoke_run: SmokeRun, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    refused(2, f'"{tmp_path}" already exists', smoke_run.run_dir, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_to_merge_is_said(smoke_run: SmokeRun, tmp_path: Path) -> None:
    said = "the run trained without an adapter: there is nothing to merge"
    refused(2, said, smoke_run.run_dir, tmp_path / "new", "--merge")
    assert list(tmp_path.iterdir()) == []


def test_run_without_a_model_and_folder_without_a_run(smoke_run: SmokeRun, tmp_path: Path) -> None:
    unfinished = tmp_path / "run"
    shutil.copytree(smoke_run.run_dir, unfinished, ignore=shutil.ignore_patterns("model"))
    refused(1, "error[no-model]", unfinished, tmp_path / "new")
    refused(2, "is not a run directory", tmp_path, tmp_path / "new")
    assert list(tmp_path.iterdir()) == [unfinished]


def test_folder_that_cannot_be_made(smoke_run: SmokeRun, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    output = tmp_path / "file" / "model"
    refused(1, f'error[output-not-writable]: cannot write to "{output}"', smoke_run.run_dir, output)


def test_copying_imports_nothing_heavy(smoke_run: SmokeRun, tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", *FTSPEC[1:], "export"]
    done = run([*command, str(smoke_run.run_dir), str(tmp_path / "new")])
    assert done.code == 0, done.said
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.err.splitlines()}
    assert "ftspec" in imported
    assert imported.isdisjoint({"torch", "transformers", "numpy", "huggingface_hub"})
