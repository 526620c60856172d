"""A job of two nodes, from the script that ``--on slurm --print`` prints, ends like a run that was
never disturbed: whether Slurm stops it before its time is up, another job comes first, a process is
killed, or a node is lost."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.cli import specs
from tests.cli.command import ftspec, own_environment
from tests.cli.placing import spec_with_checkpoints, weights_in, weights_of_two
from tests.engines.cluster import Cluster, NoClusterError, is_installed, started_cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed(), reason="slurm-wlm and munge are not installed"),
]

STEPS = 60
ENDED = ("COMPLETED", "FAILED")
SECONDS = 400
SECTION = """\
launcher:
  type: slurm
  nodes: 2
  processes: 1
  restarts: 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spec, with a checkpoint every three steps."""
    folder = tmp_path_factory.mktemp("slurm")
    specs.write_data(folder)
    text = spec_with_checkpoints(STEPS) + SECTION
    (folder / "run.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def env(folder: Path) -> dict[str, str]:
    home = {"HF_HOME": str(folder / "home"), "FTSPEC_CACHE": str(folder / "cache")}
    return own_environment(**home, GLOO_SOCKET_IFNAME="lo", OMP_NUM_THREADS="1")


@pytest.fixture(scope="module")
def undisturbed(folder: Path, env: dict[str, str]) -> str:
    """The weights of the same run under torchrun."""
    return weights_of_two(folder / "run.yaml", folder / "undisturbed", env)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        try:
            started = stack.enter_context(started_cluster(tmp_path))
        except NoClusterError as error:
            pytest.skip(f"Slurm does not start on this machine: {error}")
        yield started


def stop_before_the_time_is_up(cluster: Cluster, job: str) -> None:
    """Send the signal that Slurm sends ``stop_seconds`` before."""
    cluster.command("scancel", "--signal=USR1", job)


def let_another_job_come_first(cluster: Cluster, job: str) -> None:
    cluster.command("scontrol", "requeue", job)


def kill_a_process(cluster: Cluster, job: str) -> None:
    """Of the second node."""
    one = next(one for one in processes_of(job) if one.environ().get("RANK") == "1")
    one.send_signal(signal.SIGKILL)


def lose_a_node(cluster: Cluster, job: str) -> None:
    """Slurm finds out that the second node is gone, and has it back."""
    cluster.lose_node("n1")
    wait_until(lambda: cluster.state(job) == "PENDING", job, Path("the job of a lost node"))
    cluster.start_node("n1")
    cluster.wait_for_nodes()


def processes_of(job: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get("SLURM_JOB_ID") == job:
                yield process
        except psutil.Error:
            continue


DISTURBANCES: dict[str, tuple[Callable[[Cluster, str], None], bool]] = {
    "stopped before its time is up": (stop_before_the_time_is_up, True),
    "another job comes first": (let_another_job_come_first, True),
    "a process is killed": (kill_a_process, False),
    "a node is lost": (lose_a_node, True),
}
"""What happens to the job, and whether it is queued again."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.long if number == 0 else pytest.mark.engines)
        for number, name in enumerate(DISTURBANCES)
    ],
)
def test_a_disturbed_job_ends_as_if_it_was_not(
    name: str, cluster: Cluster, folder: Path, env: dict[str, str], undisturbed: str
) -> None:
    disturb, is_queued_again = DISTURBANCES[name]
    output = folder / name.replace(" ", "-")
    job = submit(cluster, folder, output, env)
    wait_until(lambda: any(output.glob("*/*/checkpoints/checkpoint-6/manifest.json")), job, output)
    disturb(cluster, job)
    if is_queued_again:
        wait_until(lambda: cluster.state(job) in ("PENDING", *ENDED), job, output)
        assert cluster.state(job) == "PENDING", story(cluster, output)
        if disturb is not lose_a_node:  # whose remains Slurm still ends when the node is back
            cluster.start_now(job)
    wait_until(lambda: cluster.state(job) in ENDED, job, output)
    assert cluster.state(job) == "COMPLETED", story(cluster, output)
    said = Path(f"{output}.out").read_text()
    assert cluster.restarts(job) == is_queued_again
    assert "resuming from step " in said
    assert weights_in(output) == undisturbed


def submit(cluster: Cluster, folder: Path, output: Path, env: dict[str, str]) -> str:
    """Submit the script that ftspec prints. No machine knows the name "n0", which is this one."""
    options = ("--on", "slurm", "--print", "--output-dir", output)
    printed = ftspec("run", folder / "run.yaml", *options, env=env)
    assert printed.code == 0, printed.said
    lines = [
        "host=127.0.0.1" if line.startswith("host=") else line for line in printed.out.splitlines()
    ]
    script = folder / f"{output.name}.sh"
    script.write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        ["sbatch", "--parsable", f"--output={output}.out", str(script)],
        env=env | cluster.environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def story(cluster: Cluster, output: Path) -> str:
    """What the job and Slurm say."""
    return Path(f"{output}.out").read_text() + cluster.log()


def wait_until(is_so: Callable[[], bool], job: str, output: Path) -> None:
    until = time.monotonic() + SECONDS
    while not is_so():
        said = Path(f"{output}.out")
        assert time.monotonic() < until, said.read_text() if said.exists() else f"job {job} waits"
        time.sleep(0.3)
