"""Exit codes, the same for every command, and the message that goes with each."""

from __future__ import annotations

import errno
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ftspec as package
from ftspec.cli.terminal import exits
from tests.cli.command import FTSPEC, ROOT, assert_no_traceback, ftspec, own_environment, run
from tests.cli.interrupting import rest_of, said_until, started
from tests.cli.site import install_plugin

pytestmark = pytest.mark.place

ODD = """\
from pydantic import field_serializer

from ftspec.api import ComponentConfig, TransformComponent, hookimpl


class OddConfig(ComponentConfig):
    column: str

    @field_serializer("column")
    def _look(self, value):
        raise RuntimeError("the moon is in the wrong phase")


@hookimpl
def ftspec_register_transforms():
    yield TransformComponent(name="odd", summary="odd", config=OddConfig, factory="odd:Odd")
"""


def test_readme_has_every_exit_code() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (\d+) \| (.+) \|$", readme, re.MULTILINE)
    assert {int(code): meaning for code, meaning in table} == exits.MEANINGS


def test_every_exit_code_has_a_meaning() -> None:
    codes = {
        value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)
    }
    assert codes == exits.MEANINGS.keys()


def test_version() -> None:
    done = ftspec("--version")
    assert (done.code, done.err) == (0, ""), done.said
    assert done.out == f"ftspec, version {package.__version__}\n"


def test_console_script_is_the_same_command() -> None:
    script = Path(sys.executable).with_name("ftspec")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == ftspec("--version").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Usage: ftspec"),
        (("trian",), 'No such command "trian"'),
        (("lint",), 'Missing argument "PATHS..."'),
        (("run",), 'Missing argument "SPEC"'),
        (("plan", "a.yaml", "b.yaml"), "unexpected extra argument (b.yaml)"),
        (("run", "a.yaml", "--proflie", "smoke"), 'No such option "--proflie"'),
        (("run", "a.yaml", "--proflie", "smoke"), "--profile"),
        (("run", "a.yaml", "--output-dir", "README.md"), "is a file"),
        (("predict", "no-such-folder", "text"), "does not exist"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], says: str) -> None:
    done = ftspec(*arguments)
    assert (done.code, done.out) == (2, ""), done.said
    assert_no_traceback(done)
    said = done.err.replace("'", '"').replace(
        "No such option: --proflie", 'No such option "--proflie"'
    )
    assert says in said


def test_bug_leaves_a_log_to_report(tmp_path: Path) -> None:
    program = (
        "import sys; from ftspec.cli.terminal.exits import guarded; "
        "sys.argv[1:] = ['lint', 'x.yaml']; sys.exit(guarded(lambda: {}['moon']))"
    )
    env = own_environment(TMPDIR=str(tmp_path))
    done = run([sys.executable, "-c", program], env=env)
    assert (done.code, done.out) == (3, ""), done.said
    assert_no_traceback(done)
    [log] = tmp_path.glob("ftspec-bug-*.md")
    assert done.err == (
        "this is a bug in ftspec, not in your spec: KeyError: 'moon'\n"
        f"please open an issue with the contents of {log}\n"
    )
    text = log.read_text(encoding="utf-8")
    assert text.startswith(f"### ftspec {package.__version__}, Python 3.")
    assert "ftspec lint x.yaml" in text
    assert "Traceback (most recent call last)" in text
    assert "KeyError: 'moon'" in text


def test_bug_in_a_plugin_is_not_blamed_on_ftspec(small_spec: Path, tmp_path: Path) -> None:
    env = install_plugin(tmp_path / "site", "odd", ODD)
    install_plugin(tmp_path / "site", "innocent", "")
    logs = tmp_path / "logs"
    logs.mkdir()
    transforms = "preprocess.transforms=[{type: odd, column: text}]"
    for command in ("plan", "run"):
        done = ftspec(command, small_spec, "--set", transforms, env=env | {"TMPDIR": str(logs)})
        assert (done.code, done.out) == (3, ""), done.said
        assert_no_traceback(done)
        [log] = logs.glob("ftspec-bug-*.md")
        said = done.err[done.err.index("this is a bug") :]
        assert said.startswith('this is a bug in the plugin "odd" (odd 1.0), not in your spec: ')
        assert "the moon is in the wrong phase" in said
        assert f"please report it to its authors, with the contents of {log}\n" in said
        text = log.read_text(encoding="utf-8")
        assert text.startswith(
            f'### ftspec {package.__version__}, with the plugin "odd" (odd 1.0), Python 3.'
        )
        log.unlink()


def test_interrupted_while_waiting_for_standard_input() -> None:
    command = [sys.executable, "-X", "importtime", *FTSPEC[1:], "lint", "-"]
    with started(command) as process:
        # the built-in components are imported last; after that, the command reads
        said_until(process, lambda line: line.endswith(" ftspec.builtin.transforms.config"))
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=900) == 130
        said = rest_of(process)
    assert said.endswith("interrupted\n")
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "command", ["lint broken.yaml --format text", "plan small.yaml", "plugins", "lint --help"]
)
def test_reader_that_has_seen_enough(small_spec: Path, command: str) -> None:
    broken = "".join(f"key{number}: 1\n" for number in range(5000))
    (small_spec.parent / "broken.yaml").write_text("ftspec: 1\n" + broken, encoding="utf-8")
    program = shlex.join(FTSPEC)
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{program} {command} | head -1"],
        cwd=small_spec.parent,
        env=own_environment() | {"PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert done.returncode in (0, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk_is_reported(small_spec: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*FTSPEC, "plan", str(small_spec)],
            env=own_environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {os.strerror(errno.ENOSPC)}\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"])
def test_closed_output_changes_no_exit_code(closed: str, small_spec: Path) -> None:
    """Jobs of cron and daemons may run with closed output."""
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", *FTSPEC, "lint", str(small_spec)]
    done = run(command)
    assert (done.code, done.out) == (0, "")
    assert "Traceback" not in done.err
    small_spec.write_text("ftspec: 1\n")
    assert run(command).code == 1
