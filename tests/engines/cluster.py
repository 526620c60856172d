"""A Slurm cluster of two nodes on this machine: Debian's slurm-wlm and munge, for tests only."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.cli.placing import free_port

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "scancel", "squeue")
NODES = ("n0", "n1")
_SECONDS = 60
_SECONDS_TO_FORGET = 3.0

_CONF = """\
ClusterName=ftspec
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/linear
SchedulerType=sched/builtin
MpiDefault=none
JobRequeue=1
ReturnToService=2
SlurmdTimeout=15
KillWait=30
{nodes}
PartitionName=all Nodes={names} Default=YES MaxTime=INFINITE State=UP
"""


def is_installed() -> bool:
    """Whether all programs are there, and this user may start them."""
    return os.geteuid() == 0 and all(shutil.which(name) for name in NEEDED)


class Cluster:
    """A cluster that runs.

    Attributes:
        folder: of its settings, states and logs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What the commands of Slurm need."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def command(self, *words: str | Path, cwd: Path | None = None) -> str:
        """Run a command of Slurm; what it prints.

        Raises:
            AssertionError: it failed.
        """
        done = subprocess.run(
            list(map(str, words)),
            env=os.environ | self.environment,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout.strip()

    def submit(self, script: Path) -> str:
        """Submit a script; the number of the job."""
        return self.command("sbatch", "--parsable", script, cwd=script.parent)

    def state(self, job: str) -> str:
        """The state of a job, as in "RUNNING"."""
        shown = self.command("scontrol", "show", "job", job)
        return shown.partition("JobState=")[2].split()[0]

    def restarts(self, job: str) -> int:
        """How often a job was queued again."""
        return int(
            self.command("scontrol", "show", "job", job).partition("Restarts=")[2].split()[0]
        )

    def start(self, name: str, *command: str) -> None:
        """Start a daemon."""
        with (self.folder / f"{name}.out").open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                command, env=os.environ | self.environment, stdout=log, stderr=log
            )

    def start_node(self, name: str) -> None:
        """Start a node, or start it again."""
        self.start(name, "slurmd", "-D", "-N", name)

    def lose_node(self, name: str) -> None:
        """Kill everything that runs on a node, and its daemon."""
        self._daemons[name].kill()
        self._daemons[name].wait()
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("SLURMD_NODENAME") == name:
                    keeper = process.parent()
                    if keeper is not None and "slurmstepd" in keeper.name():
                        keeper.kill()
                    process.kill()

    def end(self) -> None:
        """End all daemons."""
        for daemon in reversed(self._daemons.values()):
            daemon.terminate()
        for daemon in self._daemons.values():
            daemon.wait(_SECONDS)

    def wait_for_nodes(self) -> None:
        """Wait until no node is lost, and none has a job.

        Raises:
            AssertionError: it takes too long.
        """
        _wait_for(lambda: _is_idle(self))

    def log(self) -> str:
        """What the controller and the nodes have written."""
        return "".join(f"{path.name}:\n{path.read_text()}" for path in self.folder.glob("*.log"))

    def start_now(self, job: str) -> None:
        """Do without the two minutes that Slurm waits before it starts a job again. A node refuses
        a start as "already killed" until the second is over in which it ended the job."""
        self.wait_for_nodes()
        time.sleep(_SECONDS_TO_FORGET)
        self.command("scontrol", "update", f"JobId={job}", "StartTime=now")


class NoClusterError(Exception):
    """Slurm does not start on this machine."""


@contextmanager
def started_cluster(folder: Path) -> Iterator[Cluster]:
    """Start a cluster in a folder, and end it.

    Raises:
        NoClusterError: it does not start.
    """
    ports = [free_port() for _ in range(1 + len(NODES))]
    nodes = "\n".join(
        f"NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs=2"
        for name, port in zip(NODES, ports[1:], strict=True)
    )
    conf = _CONF.format(ports=ports, folder=folder, nodes=nodes, names=",".join(NODES))
    (folder / "slurm.conf").write_text(conf)
    (folder / "cgroup.conf").write_text("CgroupAutomount=no\n")
    (folder / "state").mkdir()
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o400)
    cluster = Cluster(folder)
    try:
        try:
            _start(cluster)
        except (AssertionError, OSError) as error:
            raise NoClusterError(str(error)) from error
        yield cluster
    finally:
        cluster.end()


def _start(cluster: Cluster) -> None:
    folder = cluster.folder
    cluster.start(
        *("munged", "munged", "--foreground", "--force", f"--socket={folder}/munge.socket"),
        *(f"--key-file={folder}/munge.key", f"--pid-file={folder}/munged.pid"),
        *(f"--log-file={folder}/munged.log", f"--seed-file={folder}/munged.seed"),
    )
    _wait_for(lambda: (folder / "munge.socket").exists())
    cluster.start("slurmctld", "slurmctld", "-D")
    for name in NODES:
        cluster.start_node(name)
    cluster.wait_for_nodes()


def _is_idle(cluster: Cluster) -> bool:
    try:
        return cluster.command("sinfo", "-h", "-o", "%T %D") == f"idle {len(NODES)}"
    except AssertionError:
        return False


def _wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + _SECONDS
    while not is_so():
        assert time.monotonic() < until, "the cluster does not start"
        time.sleep(0.2)
