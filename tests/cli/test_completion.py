"""Shell completion: scripts for bash, zsh and fish, and what they offer."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from ftspec.cli import cli
from tests.cli.command import FTSPEC, ftspec, own_environment, run

pytestmark = pytest.mark.place


def completions(line: str) -> list[tuple[str, str]]:
    """The completions at the end of a line, each as kind and value."""
    *words, last = line.split(" ")
    offered = BashComplete(cli, {}, "ftspec", "_FTSPEC_COMPLETE").get_completions(words[1:], last)
    return [(item.type, item.value) for item in offered]


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "complete -o nosort -F _ftspec_completion ftspec"),
        ("zsh", "#compdef ftspec"),
        ("fish", "complete --no-files --command ftspec"),
    ],
)
def test_script_is_printed_for_every_shell(shell: str, line: str) -> None:
    done = ftspec(env=own_environment(_FTSPEC_COMPLETE=f"{shell}_source"))
    assert done.code == 0, done.said
    assert line in done.out


def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    command = tmp_path / "ftspec"
    command.write_text(f'#!/bin/sh\nexec {shlex.join(FTSPEC)} "$@"\n')
    command.chmod(0o755)
    program = (
        'eval "$(_FTSPEC_COMPLETE=bash_source ftspec)"\n'
        "COMP_WORDS=(ftspec pr); COMP_CWORD=1\n"
        '_ftspec_completion ftspec; echo "${COMPREPLY[@]}"\n'
    )
    path = f"{tmp_path}:{own_environment()['PATH']}"
    done = run(["bash", "--norc", "-c", program], env=own_environment(PATH=path))
    assert done.out == "predict\n", done.said


def test_commands_and_options_are_offered() -> None:
    assert completions("ftspec pr") == [("plain", "predict")]
    assert {("plain", "lint"), ("plain", "plugins")} <= {*completions("ftspec ")}
    assert ("plain", "--profile") in completions("ftspec run --")
    assert ("plain", "sarif") in completions("ftspec lint --format ")


def test_tasks_are_offered_to_init() -> None:
    offered = [value for _, value in completions("ftspec init ")]
    assert {"summarization", "text-classification", "text-generation", "translation"} <= {*offered}
    assert completions("ftspec init summ") == [("plain", "summarization")]


@pytest.mark.parametrize("line", ["ftspec lint ", "ftspec plan ", "ftspec run spe", "ftspec diff "])
def test_files_are_left_to_the_shell(line: str) -> None:
    assert completions(line) == [("file", line.split(" ")[-1])]


@pytest.mark.parametrize("command", ["plan", "run"])
def test_profiles_of_the_spec_are_offered(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text("profiles: {small: {}, tiny: {}}\n")
    (tmp_path / "spec.yaml").write_text(
        "ftspec: 1\nextends: base.yaml\nname: ${env:NOT_SET}\nprofiles: {smoke: {}}\n"
    )
    offered = completions(f"ftspec {command} spec.yaml --profile ")
    assert offered == [("plain", "small"), ("plain", "tiny"), ("plain", "smoke")]
    offered = completions(f"ftspec {command} --set seed=1 spec.yaml --profile sm")
    assert offered == [("plain", "small"), ("plain", "smoke")]
    assert completions(f"ftspec {command} --profile ") == []


@pytest.mark.parametrize("content", [b"ftspec: [\n", b"\xff", b"", b"profiles: 3\n"])
def test_broken_spec_offers_no_profile(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_bytes(content)
    assert completions(f"ftspec run {tmp_path / 'spec.yaml'} --profile ") == []
