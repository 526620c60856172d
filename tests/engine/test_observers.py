"""Plugins that watch runs are called at its start and end, and cannot spoil it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch._C._distributed_c10d import HashStore

from ftspec.engine.processes.failure import AnotherFailedError, Failure
from ftspec.engine.processes.group import Group
from ftspec.engine.processes.launch import Launch
from ftspec.engine.run import execute
from ftspec.engine.run.opening import start_run
from ftspec.errors import FtspecError
from ftspec.registry.registry import Plugin
from tests.engine.running import Engine, Recorder

pytestmark = pytest.mark.slow

SPEC = """\
ftspec: 1
data:
  source: {{type: json, files: "{glosses}"}}
  splits: {{train: "train[:16]"}}
preprocess: {{template: {{text: "{{text}}", label: "{{topic}}"}}}}
tokenizer: {{max_length: 16}}
model: {{checkpoint: "{model}"}}
task: text-classification
training: {{max_steps: 1, per_device_train_batch_size: 4}}
performance: {{precision: fp32}}
"""
HOOKS = ("ftspec_run_finished", "ftspec_run_started")


Seen = list[tuple[str, str, str]]


@pytest.fixture
def seen(engine: Engine) -> Seen:
    """What a plugin sees of each run; another one leaves at once."""
    calls: Seen = []

    def watch(hook: str, **arguments: Any) -> list[Any]:
        status = arguments["run_dir"].status()["status"]
        calls.append((hook, status, arguments.get("outcome", "")))
        print("watching")
        return []

    def leave(hook: str, **arguments: Any) -> list[Any]:
        raise SystemExit(f"no {hook}")

    plugins = (
        Plugin(name="leaver", hooks=HOOKS, call=leave),
        Plugin(name="watcher", hooks=HOOKS, call=watch),
    )
    engine.registry = replace(engine.registry, plugins=(*engine.registry.plugins, *plugins))
    return calls


def test_observers_see_a_run_and_cannot_spoil_it(
    engine: Engine, bert: Path, glosses: Path, seen: Seen, capsys: pytest.CaptureFixture[str]
) -> None:
    watcher = Recorder()
    outcome = engine.execute(SPEC.format(glosses=glosses, model=bert), watcher=watcher)
    assert outcome.run_dir.status()["status"] == "finished"
    assert seen == [
        ("ftspec_run_started", "preparing", ""),
        ("ftspec_run_finished", "finished", "finished"),
    ]
    assert watcher.notes.count("watching") == 2
    log = outcome.run_dir.log.read_text(encoding="utf-8")
    for hook in HOOKS:
        said = f'the plugin "leaver" raised in "{hook}": SystemExit: no {hook}'
        assert said in watcher.notes
        assert said in log
    assert "watching" not in capsys.readouterr().out


def test_observer_is_told_of_a_run_that_never_began(
    engine: Engine, glosses: Path, seen: Seen, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FtspecError):
        engine.execute(SPEC.format(glosses=glosses, model=tmp_path / "empty"))
    assert seen == [("ftspec_run_finished", "failed", "failed")]


def test_an_interrupt_of_another_process_is_no_failure(
    engine: Engine,
    bert: Path,
    glosses: Path,
    seen: Seen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """This process sees only that an exchange of tensors breaks off."""
    group = Group(Launch(0, 2, 0), HashStore())
    group.fail(Failure.of(KeyboardInterrupt(), Launch(1, 2, 1)))

    def lose_connection(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("connection closed by peer")

    monkeypatch.setattr(execute, "compile_run", lose_connection)
    spec = SPEC.format(glosses=glosses, model=bert)
    plan = engine.plan(spec)
    run_dir = start_run(plan, spec)
    with pytest.raises(AnotherFailedError, match="interrupted"):
        execute.execute(
            plan, run_dir, registry=engine.registry, watcher=Recorder(), command=[], group=group
        )

    assert run_dir.status()["status"] == "interrupted"
    assert seen == [("ftspec_run_finished", "interrupted", "interrupted")]
