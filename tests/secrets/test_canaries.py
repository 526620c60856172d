"""No secret leaks: not in a file, a log, a message, a cache or an upload."""

from __future__ import annotations

import hashlib
import json
import signal
from pathlib import Path

import pytest

from tests.cli.command import FTSPEC, Done, assert_no_traceback, ftspec
from tests.cli.interrupting import rest_of, said_until, started
from tests.cli.site import install_plugin
from tests.hub.client import run as run_client
from tests.secrets.canaries import VARIABLES
from tests.secrets.conftest import Project

pytestmark = pytest.mark.slow

STRATEGIES = ("end", "every_save", "checkpoint", "all_checkpoints")


@pytest.fixture(scope="module")
def run_dirs(project: Project) -> dict[str, Path]:
    """A finished run for each strategy of pushing."""
    return {
        strategy: project.run(
            "--set",
            f"training.hub_strategy={strategy}",
            "--set",
            f"training.hub_model_id=ftspec-tests/{strategy}",
        )
        for strategy in STRATEGIES
    }


def test_the_search_sees_what_is_there(project: Project, tmp_path: Path) -> None:
    """The search finds a secret that is there."""
    word = "a-word-that-is-in-the-rows"
    (project.folder / "extra.bin").write_bytes(b"\0" + word.encode() + b"\1")
    assert project.leaks({"extra": word}) == [
        f"extra in the file extra.bin of {project.folder.name}"
    ]
    (project.folder / "extra.bin").unlink()
    [said] = project.leaks({"spec": "${env:CANARY_HUB}"})[:1]
    assert "canary.yaml" in said


def test_nothing_of_a_run_holds_a_secret(project: Project, run_dirs: dict[str, Path]) -> None:
    assert len(run_dirs) == len(STRATEGIES)
    assert project.leaks() == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_pushed_files_are_a_model_with_a_card_of_ftspec(
    strategy: str, project: Project, run_dirs: dict[str, Path]
) -> None:
    pushed = project.hub.repository("models", f"ftspec-tests/{strategy}").branch().folder
    names = {str(path.relative_to(pushed)) for path in pushed.rglob("*") if path.is_file()}
    model = {path.name for path in (run_dirs[strategy] / "model").iterdir()}
    top = {name for name in names if "/" not in name}
    assert top - {".gitattributes"} == model - {"manifest.json"} | {"README.md"}
    card = (pushed / "README.md").read_text(encoding="utf-8")
    assert "# canary\n" in card
    assert "| test | accuracy |" in card
    assert "hub_token: ${env:CANARY_HUB}" in card
    assert "from scratch" not in card
    assert not any(name.endswith("training_args.bin") for name in names)
    folders = {name.partition("/")[0] for name in names if "/" in name}
    expected = {
        "checkpoint": {"last-checkpoint"},
        "all_checkpoints": {"checkpoint-1", "checkpoint-2", "checkpoint-3"},
    }
    assert folders <= expected.get(strategy, set())
    assert bool(folders) == (strategy in expected)
    assert ("last-checkpoint/optimizer.pt" in names) == (strategy == "checkpoint")


def test_checkpoints_were_pushed_while_training_went_on(
    project: Project, run_dirs: dict[str, Path]
) -> None:
    said = {
        strategy: [
            commit.summary
            for commit in project.hub.commits
            if commit.repository.name == f"ftspec-tests/{strategy}"
        ]
        for strategy in run_dirs
    }
    assert said["end"] == ["End of training"]
    for strategy in STRATEGIES[1:]:
        assert said[strategy][0] == "Training in progress, step 1"
        assert said[strategy][-1] == "End of training"


def test_no_pickle_is_on_disk_and_nothing_is_left_of_pushing(
    project: Project, run_dirs: dict[str, Path]
) -> None:
    assert [*project.folder.rglob("training_args.bin"), *project.folder.rglob(".push")] == []
    assert [*project.folder.rglob("rng_state.pth")] != []


def test_pushed_model_is_the_one_of_the_run(
    project: Project, run_dirs: dict[str, Path], tmp_path: Path
) -> None:
    program = """
import hashlib, json
from huggingface_hub import hf_hub_download

with open(hf_hub_download("ftspec-tests/end", "model.safetensors"), "rb") as file:
    print(json.dumps(hashlib.file_digest(file, "sha256").hexdigest()))
"""
    environment = project.environment | {
        "HF_HOME": str(tmp_path),
        "HF_TOKEN": VARIABLES["CANARY_HUB"],
    }
    own = (run_dirs["end"] / "model" / "model.safetensors").read_bytes()
    assert run_client(program, environment) == hashlib.sha256(own).hexdigest()


def test_best_checkpoint_is_found_again_by_its_name(
    project: Project, run_dirs: dict[str, Path]
) -> None:
    states = list((run_dirs["end"] / "checkpoints").glob("*/trainer_state.json"))
    best = [
        json.loads(path.read_text(encoding="utf-8"))["best_model_checkpoint"] for path in states
    ]
    assert best
    assert all(name is not None and name.startswith("checkpoint-") for name in best)


@pytest.mark.parametrize(
    "arguments",
    [
        ("lint", "canary.yaml"),
        ("lint", "canary.yaml", "--format", "json"),
        ("plan", "canary.yaml"),
        ("plan", "canary.yaml", "--format", "json"),
        ("plan", "canary.yaml", "--measure"),
        ("run", "canary.yaml", "--dry-run"),
        ("explain", "data.source.files", "canary.yaml"),
        ("cache", "ls"),
        ("cache", "why", "canary.yaml", "--set", "tokenizer.max_length=8"),
        ("predict", "RUN", "a cat"),
        ("predict", "RUN", "--column", "no=a cat"),
        ("export", "RUN", "exported"),
        ("export", "RUN", "canary.yaml"),
        ("diff", "RUN", "canary.yaml"),
        ("run", "canary.yaml", "--resume", "RUN"),
    ],
    ids=" ".join,
)
def test_no_command_shows_a_secret(
    arguments: tuple[str, ...], project: Project, run_dirs: dict[str, Path]
) -> None:
    run_dir = str(run_dirs["end"])
    done = project.ftspec(*(run_dir if word == "RUN" else word for word in arguments))
    assert done.code in (0, 1, 2), done.said
    assert_no_traceback(done)
    assert project.leaks() == []


@pytest.mark.parametrize(
    "changes",
    [
        ("data.source.files=${env:CANARY_ROWS}/none.jsonl",),
        ("model.checkpoint=./${env:CANARY_MODELS}",),
        ("output.dir=canary.yaml/${env:CANARY_OUTPUT}",),
        ("training.hub_model_id=../${env:CANARY_HUB}",),
        ("training.hub_token=${env:CANARY_OUTPUT}", "training.hub_model_id=a/b/c"),
        ("preprocess.template.text=${env:CANARY_ROWS} {text}",),
        ("training.max_steps=${env:CANARY_ROWS}",),
        ("data.source.type=${env:CANARY_ROWS}",),
        ("${env:CANARY_ROWS}",),
        ("data.source.encoding=${env:CANARY_ROWS}",),
    ],
    ids=" ".join,
)
def test_no_error_shows_a_secret(
    changes: tuple[str, ...], project: Project, run_dirs: dict[str, Path]
) -> None:
    options = [word for change in changes for word in ("--set", change)]
    done = project.ftspec("run", "canary.yaml", *options)
    assert done.code == 1, done.said
    assert_no_traceback(done)
    assert project.leaks() == []


def test_push_that_fails_is_said_and_made_up_for_by_resuming(project: Project) -> None:
    project.hub.fail_next(400, path_contains="/commit/", methods=("POST",))
    options = ("--set", "training.hub_strategy=end", "--set", "training.hub_model_id=late")
    before = set(project.run_dirs())
    done = project.ftspec("run", "canary.yaml", *options)
    assert done.code == 1, done.said
    assert 'cannot push to "ftspec-tests/late": ' in done.err
    [run_dir] = set(project.run_dirs()) - before
    assert (run_dir / "model" / "model.safetensors").is_file()
    assert (run_dir / "metrics.json").is_file()

    done = project.ftspec("run", "canary.yaml", *options, "--resume", run_dir)
    assert done.code == 0, done.said
    pushed = project.hub.repository("models", "ftspec-tests/late").branch().folder
    assert (pushed / "model.safetensors").is_file()
    assert project.leaks() == []


def test_checkpoint_that_is_not_pushed_is_a_note_and_training_goes_on(project: Project) -> None:
    project.hub.fail_next(400, path_contains="/commit/", methods=("POST",))
    done = project.ftspec("run", "canary.yaml", "--set", "training.hub_model_id=bumpy")
    assert done.code == 0, done.said
    assert "the checkpoint of step 1 was not pushed: " in done.err
    assert 'pushed to "ftspec-tests/bumpy"' in done.err
    assert project.leaks() == []


def test_checkpoint_that_is_removed_while_it_is_pushed_arrives_whole(project: Project) -> None:
    project.hub.delay_next(0.5, times=6, path_contains="/commit/", methods=("POST",))
    changes = (
        "callbacks=[]",
        "training.save_total_limit=1",
        "training.hub_model_id=slow",
        "training.hub_strategy=all_checkpoints",
        "training.hub_always_push=true",
    )
    run_dir = project.run(*(word for change in changes for word in ("--set", change)))
    assert [path.name for path in (run_dir / "checkpoints").iterdir()] == ["checkpoint-3"]
    pushed = project.hub.repository("models", "ftspec-tests/slow").branch().folder
    for step in (1, 2, 3):
        saved = pushed / f"checkpoint-{step}"
        assert {"model.safetensors", "optimizer.pt", "trainer_state.json"} <= {
            path.name for path in saved.iterdir()
        }
    assert not (run_dir / "checkpoints" / "checkpoint-3" / "README.md").exists()
    assert project.leaks() == []


def test_interrupted_run_does_not_wait_for_an_upload(project: Project) -> None:
    project.hub.delay_next(600, path_contains="/commit/", methods=("POST",))
    changes = ("training.hub_model_id=stuck", "training.max_steps=100000")
    words = [word for change in changes for word in ("--set", change)]
    command = [*FTSPEC, "run", str(project.spec), *words]
    before = set(project.run_dirs())
    with started(command, project.environment) as process:
        said_until(process, lambda line: line.startswith("  step "))
        process.send_signal(signal.SIGINT)
        assert process.wait(300) == 130
        said = rest_of(process)
    assert "the checkpoint of step 1 is not pushed: the run ended" in said
    assert "resume it with: ftspec run " in said
    assert '"${CANARY_OUTPUT}"' in said
    assert "Traceback" not in said
    [run_dir] = set(project.run_dirs()) - before
    assert not (run_dir / ".push").exists()
    project.commands.append(Done(130, "", said, 0.0))
    assert project.leaks() == []


def test_wrong_token_is_said_before_anything_is_prepared(project: Project) -> None:
    change = "training.hub_token=${env:HF_TOKEN}"
    done = project.ftspec("run", "canary.yaml", "--set", change)
    assert done.code == 1, done.said
    assert 'error[cannot-push]: cannot push to "canary": ' in done.err
    assert "= help: use a token with write access: hub_token: ${env:HF_TOKEN}" in done.err
    assert "preparing data" not in done.err


def test_dry_run_makes_no_repository(project: Project) -> None:
    options = ("--dry-run", "--set", "training.hub_model_id=ftspec-tests/dry")
    done = project.ftspec("run", "canary.yaml", *options)
    assert done.code == 0, done.said
    assert not project.hub.repository("models", "ftspec-tests/dry").exists()


ODD = """\
import os

from pydantic import field_serializer

from ftspec.api import ComponentConfig, TransformComponent, hookimpl


class OddConfig(ComponentConfig):
    column: str

    @field_serializer("column")
    def _look(self, value):
        raise RuntimeError(f"{os.environ['CANARY_HUB']} and {os.environ['HF_TOKEN']!r}")


@hookimpl
def ftspec_register_transforms():
    yield TransformComponent(name="odd", summary="odd", config=OddConfig, factory="odd:Odd")
"""


def test_report_of_a_bug_holds_no_secret(project: Project, tmp_path: Path) -> None:
    install_plugin(tmp_path, "odd", ODD)
    environment = project.environment | {"PYTHONPATH": str(tmp_path)}
    change = "preprocess.transforms=[{type: odd, column: text}]"
    done = ftspec("plan", project.spec, "--set", change, env=environment, cwd=project.folder)
    project.commands.append(done)
    assert done.code == 3, done.said
    [report] = (project.folder / "tmp").glob("ftspec-bug-*.md")
    assert "Traceback" in report.read_text(encoding="utf-8")
    assert "RuntimeError: ${env:CANARY_HUB} and" in done.err
    assert project.leaks() == []


@pytest.mark.parametrize("word", ["splits", "parameters", "training", "model"])
def test_variable_may_hold_a_word_of_ftspec(word: str, project: Project) -> None:
    """Words that are keys of the lock or of the plan: they mean no folder there."""
    environment = project.environment | {"CANARY_OUTPUT": word}
    options = ("--set", "training.push_to_hub=false", "--set", "training.max_steps=1")
    done = project.warm.ftspec("run", "canary.yaml", *options, env=environment, cwd=project.folder)
    assert done.code == 0, done.said
    [run_dir] = (project.folder / word).glob("runs/*/*")
    lock = json.loads((run_dir / "lock.json").read_bytes())
    assert {"splits", "parameters", "model", "command"} <= lock.keys()
    exported = project.folder / f"exported-{word}"
    done = project.warm.ftspec("export", run_dir, exported, env=environment, cwd=project.folder)
    assert done.code == 0, done.said
    assert "| test | accuracy |" in (exported / "README.md").read_text(encoding="utf-8")


def test_message_of_the_hub_is_masked_before_it_is_cut(project: Project) -> None:
    message = "x" * 5 + " word" * 57 + f" token {VARIABLES['CANARY_HUB']}"
    project.hub.fail_next(400, path_contains="/api/repos/create", message=message)
    done = project.ftspec("run", "canary.yaml")
    assert done.code == 1, done.said
    for length in range(8, len(VARIABLES["CANARY_HUB"])):
        assert VARIABLES["CANARY_HUB"][:length] not in done.said
    assert project.leaks() == []


CLEAR = "an-open-secret-77aa"


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "canary.yaml", "--set", f"training.hub_token={CLEAR}"),
        ("run", "canary.yaml", f"--set=training.hub_token={CLEAR}"),
        ("run", "canary.yaml", "--set", f"training={{hub_token: {CLEAR}, lerning_rate: 1}}"),
        ("run", "canary.yaml", "--set", f"training.hub_token=${{env:NOT_SET:-{CLEAR}}}"),
        ("run", "canary.yaml", "--set", f"data.source.files=https://me:{CLEAR}@host/x.jsonl"),
        ("lint", "canary.yaml", "--set", f"training.hub_token={CLEAR}", "--format", "sarif"),
        ("run", "canary.yaml", f"--hub_token={CLEAR}"),
        ("run", "canary.yaml", "--set", f"training.hub_token=two words {CLEAR}"),
        ("lint", "canary.yaml", "--set", f"training.hub_tokn={CLEAR}"),
        ("lint", "canary.yaml", "--set", f"training.hub_token=[a, {CLEAR}]"),
        ("plan", "canary.yaml", "--set", f"training.hub_token={CLEAR}", "--format", "json"),
    ],
    ids=" ".join,
)
def test_token_in_clear_on_the_command_line_is_refused_and_repeated_nowhere(
    arguments: tuple[str, ...], project: Project
) -> None:
    runs = project.run_dirs()
    done = project.ftspec(*arguments)
    assert done.code in (1, 2), done.said
    assert_no_traceback(done)
    assert project.run_dirs() == runs
    assert project.leaks({"in clear": CLEAR}) == []
