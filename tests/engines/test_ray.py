"""Workers of Ray Train make one run. When one of them is killed, Ray starts them again, and the
weights are those of a run that was never disturbed. The program is the block of docs/python.md."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from tests.cli import specs
from tests.cli.command import own_environment
from tests.cli.placing import spec_with_checkpoints, weights_in, weights_of_two
from tests.engine.test_python_page import BLOCK, OF_RAY, PAGE

STEPS = 60
SECONDS = 600
SMALL = """\
import ray

ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100 * 2**20, _temp_dir="%s")
"""
"""For a machine with fewer processors and less memory than Ray expects."""

IN_A_NETWORK = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"')
"""Starts a command with a network of its own, which has the loopback interface only: Ray listens on
all interfaces, whatever address it is given."""


def has_own_network() -> bool:
    """Whether this user may make a network here."""
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("ip")):
        return False
    return subprocess.run([*IN_A_NETWORK, "true"], check=False, capture_output=True).returncode == 0


def why_not() -> str:
    """Why Ray does not start here; nothing if it does."""
    if find_spec("ray") is None:
        return "ray is not installed"
    return "" if has_own_network() else "no network can be made for Ray"


pytestmark = [
    pytest.mark.slow,
    pytest.mark.engines,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "Ray starts"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spec, with a checkpoint every three steps."""
    folder = tmp_path_factory.mktemp("ray")
    specs.write_data(folder)
    (folder / "spec.yaml").write_text(spec_with_checkpoints(STEPS), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def env(folder: Path) -> dict[str, str]:
    home = {"HF_HOME": str(folder / "home"), "FTSPEC_CACHE": str(folder / "cache")}
    return own_environment(**home, GLOO_SOCKET_IFNAME="lo", RAY_USAGE_STATS_ENABLED="0")


@pytest.fixture(scope="module")
def undisturbed(folder: Path, env: dict[str, str]) -> str:
    """The weights of the same run under torchrun."""
    return weights_of_two(folder / "spec.yaml", folder / "undisturbed", env)


@contextmanager
def program_of_the_page(folder: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The program with Ray, in this folder; what it says goes to ``said.txt``. Nothing of Ray is
    left afterwards."""
    [block] = (one for one in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if OF_RAY in one)
    # sockets of Ray are in this folder, and their paths must be short
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as short:
        (folder / "program.py").write_text(SMALL % short + block, encoding="utf-8")
        with (folder / "said.txt").open("wb") as said:
            process = subprocess.Popen(
                [*IN_A_NETWORK, sys.executable, "program.py"],
                cwd=folder,
                env=env,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            started = [] if process.poll() is not None else all_below(process.pid)
            process.kill()
            process.wait()
            for one in started:
                with suppress(psutil.NoSuchProcess):
                    one.kill()


def all_below(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def workers_of(pid: int) -> dict[int, psutil.Process]:
    """The workers of Ray Train that a program has, by their process ids."""
    found = {}
    for one in all_below(pid):
        with suppress(psutil.NoSuchProcess):
            if "".join(one.cmdline()).startswith("ray::RayTrainWorker"):
                found[one.pid] = one
    return found


def run_with_a_checkpoint(output: Path, process: subprocess.Popen[bytes], said: Path) -> Path:
    """The directory of the run, as soon as it has its second checkpoint."""
    until = time.monotonic() + SECONDS
    while True:
        found = [*output.glob("*/*/checkpoints/checkpoint-6/manifest.json")]
        if found:
            return found[0].parents[2]
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < until, said.read_text()
        time.sleep(0.1)


@pytest.mark.parametrize("victim", ["first", "second"])
def test_a_killed_worker_changes_no_weight(
    victim: str, folder: Path, tmp_path: Path, env: dict[str, str], undisturbed: str
) -> None:
    for name in ("spec.yaml", "train.jsonl", "validation.jsonl"):
        shutil.copy(folder / name, tmp_path)
    said = tmp_path / "said.txt"
    with program_of_the_page(tmp_path, env) as process:
        run_dir = run_with_a_checkpoint(tmp_path / "runs", process, said)
        workers = workers_of(process.pid)
        owner = json.loads((run_dir / ".owner.json").read_text())["pid"]
        assert owner in workers
        assert len(workers) == 2
        [killed] = (pid for pid in workers if (pid == owner) == (victim == "first"))
        workers[killed].kill()
        assert process.wait(SECONDS) == 0, said.read_text()

    assert f"pid: {killed}" in said.read_text()  # Ray says who died
    log = (run_dir / "log.txt").read_text()
    assert log.count("resuming from step ") == 1, log
    assert weights_in(tmp_path / "runs") == undisturbed
