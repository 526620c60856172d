"""What starts the processes of `ftspec run`: the spec, or the options, which win."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from tests.cli import specs
from tests.cli.command import ROOT, own_environment
from tests.cli.light import ftspec
from tests.cli.test_several_processes import SPEC

TORCHRUN = shlex.join([sys.executable, "-m", "ftspec.torchrun"])
BY_HAND = "torchrun --standalone --nproc-per-node=2 -m ftspec"
PAGE = (ROOT / "docs" / "multi-gpu.md").read_text(encoding="utf-8")
ELSEWHERE = {
    "ftspec run SPEC": "tests/cli/test_run_command.py",
    "ftspec run SPEC --processes 2": "tests/cli/test_several_processes.py",
    f"{BY_HAND} run SPEC": "tests/cli/test_several_processes.py",
}
"""The commands of the page that other tests run."""

RESTARTS = "{type: torchrun, processes: 4, restarts: 3}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("launchers")
    specs.write_data(folder)
    for name, launcher in (
        ("plain", None),
        ("torchrun", RESTARTS),
        ("slurm", '{type: slurm, nodes: 2, processes: gpu, options: ["--partition=a b"]}'),
        ("typo", "{type: torchrum}"),
        ("key", "{type: torchrun, proceses: 2}"),
        ("none", "{type: torchrun, processes: 0}"),
        ("apart", "{type: torchrun, nodes: 2}"),
        ("port", '{type: torchrun, nodes: 2, rendezvous: "host1:99999"}'),
        ("url", '{type: torchrun, nodes: 2, rendezvous: "http://host1:29500"}'),
        ("no_port", "{type: torchrun, nodes: 2, rendezvous: host1}"),
        ("time", "{type: slurm, time: 1 day}"),
        ("nowhere", '{type: torchrun, nodes: 2, rendezvous: "nowhere.invalid:29500"}'),
    ):
        section = "" if launcher is None else f"launcher: {launcher}\n"
        (folder / f"{name}.yaml").write_text(SPEC + section, encoding="utf-8")
    return folder


def printed(folder: Path, name: str, *arguments: str) -> str:
    done = ftspec("run", f"{name}.yaml", *arguments, "--print", cwd=folder)
    assert (done.code, done.err) == (0, ""), done.said
    assert not (folder / "runs").exists()
    return done.out


@pytest.mark.parametrize(
    ("name", "options", "processes", "restarts"),
    [
        ("plain", ["--processes", "2"], 2, 0),
        ("plain", ["--on", "torchrun"], 1, 0),
        ("torchrun", [], 4, 3),
        ("torchrun", ["--processes", "2"], 2, 3),
        ("slurm", ["--on", "torchrun", "--processes", "2"], 2, 0),
    ],
)
def test_options_win_over_the_section(
    name: str, options: list[str], processes: int, restarts: int, folder: Path
) -> None:
    said = printed(folder, name, *options)
    assert said.startswith(f"{TORCHRUN} --standalone --local-addr=127.0.0.1 ")
    assert f" --nproc-per-node={processes} --max-restarts={restarts} " in said
    assert said.endswith(f" -m ftspec run {name}.yaml\n")


def test_every_other_option_is_handed_on(folder: Path) -> None:
    options = ["--set", "seed=7", "--output-dir", "a b", "--resume", "auto", "--dry-run"]
    said = printed(folder, "torchrun", *options, "--no-plugins")
    end = said.partition(" -m ftspec ")[2]
    assert shlex.split(end) == [
        *("run", "torchrun.yaml", "--set", "seed=7", "--no-plugins", "--output-dir", "a b"),
        *("--resume", "auto", "--dry-run"),
    ]


def test_script_for_slurm_is_a_script(folder: Path) -> None:
    script = printed(folder, "slurm")
    lines = script.splitlines()
    assert lines[0] == "#!/bin/bash"
    assert {"#SBATCH --nodes=2", "#SBATCH --signal=USR1@120", "#SBATCH --requeue"} <= set(lines)
    assert "#SBATCH --partition=a b" in lines
    [start] = [line for line in lines if line.startswith("srun ")]
    assert '--rdzv-endpoint="$host:$port"' in start
    assert " --nproc-per-node=gpu " in start
    assert start.endswith(" -m ftspec run slurm.yaml --resume auto")
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    explicit = printed(folder, "slurm", "--resume", "runs/small/x")
    assert "--resume runs/small/x" in explicit
    assert "auto" not in explicit


@pytest.mark.parametrize(
    ("name", "options", "code", "said"),
    [
        ("plain", ["--on", "slrum"], 2, 'no launcher "slrum" is installed; did you mean "slurm"?'),
        ("plain", ["--on", "k8s"], 2, 'expected one of "slurm", "torchrun"'),
        ("plain", ["--print"], 2, "--print needs a launcher"),
        ("plain", ["--processes", "0"], 2, "0 is not in the range x>=1"),
        ("typo", [], 1, 'did you mean "torchrun"?'),
        ("key", [], 1, 'did you mean "processes"?'),
        ("none", [], 1, "launcher: {type: torchrun, processes: 0}"),
        ("apart", [], 1, 'several "nodes" need a "rendezvous"'),
        ("port", [], 1, 'error[bad-value]: "host1:99999" is not a host and a port'),
        ("url", [], 1, '"http://host1:29500" is not a host and a port'),
        ("no_port", [], 1, '"host1" is not a host and a port'),
        ("time", [], 1, '"1 day" is not a time of Slurm'),
        ("nowhere", [], 1, 'this machine does not know the host "nowhere.invalid"'),
        ("slurm", [], 1, "error[cannot-launch]: ftspec prints the script for Slurm"),
    ],
)
def test_what_is_refused(name: str, options: list[str], code: int, said: str, folder: Path) -> None:
    done = ftspec("run", f"{name}.yaml", *options, cwd=folder)
    assert done.code == code, done.said
    assert said in done.err
    assert "Traceback" not in done.err
    assert not (folder / "runs").exists()


def test_number_that_is_too_small_is_one_error(folder: Path) -> None:
    done = ftspec("lint", "none.yaml", cwd=folder)
    assert done.out.count("error[") == 1, done.said
    assert "launcher.processes should be greater than or equal to 1, found the number 0" in done.out


def test_spec_from_standard_input_is_for_one_process(folder: Path) -> None:
    done = ftspec("run", "-", "--processes", "2", cwd=folder, stdin=SPEC)
    assert (done.code, done.out) == (2, ""), done.said
    assert "several processes cannot read one spec from standard input" in done.err


def test_process_that_is_launched_starts_no_other(folder: Path) -> None:
    env = own_environment(RANK="0", WORLD_SIZE="1", LOCAL_RANK="0")
    done = ftspec("run", "plain.yaml", "--processes", "2", cwd=folder, env=env)
    assert done.code == 2, done.said
    assert "a launcher has started this process, and --processes would start another" in done.err


def test_launcher_changes_no_run(folder: Path) -> None:
    done = ftspec("diff", "plain.yaml", "torchrun.yaml", cwd=folder)
    assert "launcher" in done.out
    plans = [ftspec("plan", f"{name}.yaml", cwd=folder).out for name in ("plain", "torchrun")]
    assert "torchrun" in plans[1]
    assert "torchrun" not in plans[0]


def _blocks() -> list[str]:
    """What the page shows, each with the spec of the tests."""
    found = re.findall(r"(?:^    .*\n)+", PAGE, re.MULTILINE)
    return [textwrap.dedent(block).strip() for block in found]


def test_commands_of_the_page_work(folder: Path) -> None:
    shutil.copy(folder / "plain.yaml", folder / "SPEC")
    commands = [one for one in _blocks() if not one.startswith(("launcher:", "training:"))]
    assert len(commands) == 5
    for command in commands:
        written = command.replace("specs/quickstart.yaml", "SPEC").removesuffix(" > job.sh")
        if " --print" in written:
            done = ftspec(*shlex.split(written)[1:], cwd=folder)
            assert (done.code, done.err) == (0, ""), done.said
            assert "-m ftspec run SPEC" in done.out
        else:
            assert (ROOT / ELSEWHERE[written]).is_file()


def test_sections_of_the_page_are_valid(folder: Path) -> None:
    sections = [one for one in _blocks() if one.startswith("launcher:")]
    assert len(sections) == 3
    for number, section in enumerate(sections):
        (folder / f"page{number}.yaml").write_text(f"{SPEC}{section}\n", encoding="utf-8")
        printed(folder, f"page{number}")


def test_training_settings_of_the_page_are_valid(folder: Path) -> None:
    settings = [one for one in _blocks() if one.startswith("training:")]
    assert len(settings) == 2
    for number, written in enumerate(settings):
        spec = yaml.safe_load(SPEC)
        spec["training"] |= yaml.safe_load(written)["training"]
        text = "# ftspec: ignore[missing-package]\n" + yaml.safe_dump(spec)  # of DeepSpeed
        (folder / f"training{number}.yaml").write_text(text, encoding="utf-8")
        done = ftspec("lint", f"training{number}.yaml", cwd=folder)
        assert done.code == 0, done.said
