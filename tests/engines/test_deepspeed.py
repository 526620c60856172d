"""DeepSpeed on CPUs: two processes learn what they learn without it, each holds a part, and the
whole model is saved. What would not be sharded is not trained.

    pip install deepspeed==0.19.8
    python -m pytest -m engines tests/engines/test_deepspeed.py

DeepSpeed compiles an op when it is first used, which takes minutes.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification

from tests.cli import specs
from tests.cli.command import SECONDS, Done, assert_no_traceback, ftspec, own_environment
from tests.cli.placing import free_port, placed, spec_with_checkpoints
from tests.cli.warm import IMPORTED, Warm

pytestmark = [
    pytest.mark.slow,
    pytest.mark.engines,
    pytest.mark.skipif(
        importlib.util.find_spec("deepspeed") is None, reason="deepspeed is not installed"
    ),
]

BUILD = "from deepspeed.ops.op_builder import ShareMemCommBuilder as Op; Op().load()"
BATCHES = {
    "train_micro_batch_size_per_gpu": "auto",
    "gradient_accumulation_steps": "auto",
    "train_batch_size": "auto",
    "gradient_clipping": "auto",
}
STEPS = 60
"""Long enough to be stopped after its first checkpoint."""

Train = Callable[..., Path]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deepspeed")
    specs.write_data(folder)
    return folder


@pytest.fixture(scope="module")
def env(folder: Path) -> dict[str, str]:
    """The environment of a machine that can build the op."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))  # has ninja
    home = {"HF_HOME": str(folder / "home"), "FTSPEC_CACHE": str(folder / "cache")}
    env = own_environment(**home, GLOO_SOCKET_IFNAME="lo", DS_ACCELERATOR="cpu", PATH=path)
    built = subprocess.run(
        [sys.executable, "-c", BUILD], env=env, capture_output=True, text=True, timeout=SECONDS
    )
    if built.returncode != 0:
        pytest.skip(f"the op of DeepSpeed cannot be built: {built.stderr.strip()[-200:]}")
    return env


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    warm = Warm((*IMPORTED, "deepspeed"))
    yield warm
    warm.close()


@pytest.fixture(scope="module")
def train(folder: Path, env: dict[str, str], warm: Warm) -> Train:
    """Trains a spec in two processes, and returns the run directory."""

    def train(spec: Path, name: str, *options: str) -> Path:
        output = folder / name
        done, other = placed(warm, "run", spec, "--output-dir", output, *options, env=env)
        assert done.code == other.code == 0, done.said + other.said
        return run_in(output)

    return train


@pytest.fixture(scope="module")
def plain(folder: Path, train: Train) -> Path:
    """The run without DeepSpeed."""
    return train(write_spec(folder, "plain", None), "plain")


def write_spec(folder: Path, name: str, zero: Any, more: str = "", **settings: Any) -> Path:
    """A spec with this configuration of DeepSpeed."""
    text = spec_with_checkpoints(8, dropout=0.0)
    if zero is not None:
        config = {**BATCHES, "zero_optimization": zero, **settings}
        (folder / f"{name}.json").write_text(json.dumps(config))
        text = text.replace("training:\n", f"training:\n  deepspeed: {name}.json\n")
    spec = folder / f"{name}.yaml"
    spec.write_text(more + text, encoding="utf-8")
    return spec


def run_in(output: Path) -> Path:
    [run] = output.glob("*/2*")
    return run


def assert_same_weights(run: Path, other: Path, within: float) -> None:
    found, wanted = (load_file(one / "model" / "model.safetensors") for one in (run, other))
    assert found.keys() == wanted.keys()
    for name, weights in wanted.items():
        torch.testing.assert_close(found[name], weights, rtol=0, atol=within)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_a_stage_of_zero_changes_nothing_but_who_holds_what(
    stage: int, folder: Path, env: dict[str, str], warm: Warm, train: Train, plain: Path
) -> None:
    run = train(write_spec(folder, f"zero-{stage}", {"stage": stage}), f"zero-{stage}")
    assert_same_weights(run, plain, within=4e-6)
    assert json.loads((run / "lock.json").read_text())["wrapper"] == "deepspeed"
    assert json.loads((plain / "lock.json").read_text())["wrapper"] == "ddp"

    # each process saved its part of AdamW: two moments and the weights, in four bytes each
    parts = sorted((run / "checkpoints" / "checkpoint-8").glob("global_step8/*_optim_states.pt"))
    whole = sum(one.numel() for one in load_file(run / "model" / "model.safetensors").values())
    assert len(parts) == 2
    for part in parts:
        assert part.stat().st_size < 0.6 * 3 * 4 * whole

    _, loading = AutoModelForSequenceClassification.from_pretrained(
        run / "model", output_loading_info=True
    )
    assert not loading["missing_keys"]
    predicted = warm.ftspec("predict", run, "a small furry animal", env=env)
    assert predicted.code == 0, predicted.said
    assert predicted.out.strip()


@pytest.mark.parametrize("stage", [2, 3])
def test_a_run_goes_on_from_a_checkpoint_of_its_processes(
    stage: int, folder: Path, env: dict[str, str], warm: Warm, train: Train
) -> None:
    spec = write_spec(folder, f"resumed-{stage}", {"stage": stage})
    steps = ("--set", f"training.max_steps={STEPS}")
    undisturbed = train(spec, f"undisturbed-{stage}", *steps)
    output = folder / f"stopped-{stage}"
    stop_after_a_checkpoint(warm, env, ("run", spec, "--output-dir", output, *steps), output)
    run = run_in(output)
    assert json.loads((run / "status.json").read_text())["status"] == "interrupted"
    train(spec, f"stopped-{stage}", *steps, "--resume", str(run))
    assert "resuming from step " in (run / "log.txt").read_text()
    assert_same_weights(run, undisturbed, within=0)


def stop_after_a_checkpoint(
    warm: Warm, env: dict[str, str], command: tuple[str | Path, ...], output: Path
) -> None:
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    both = [
        warm.start(*command, env=env | shared | {"RANK": rank, "LOCAL_RANK": rank})
        for rank in ("0", "1")
    ]
    until = time.monotonic() + SECONDS
    while not any(output.glob("*/2*/checkpoints/checkpoint-3/manifest.json")):
        assert time.monotonic() < until
        assert not any(one.has_ended() for one in both), [one.wait().said for one in both]
        time.sleep(0.01)
    for one in both:
        one.send(signal.SIGTERM)
    for one in both:
        one.wait()


def test_a_stage_that_splits_nothing_is_not_trained(
    folder: Path, env: dict[str, str], warm: Warm
) -> None:
    spec = write_spec(folder, "zero-0", {"stage": 0}, "# ftspec: ignore[sharding]\n")
    done, _ = placed(warm, "run", spec, "--output-dir", folder / "zero-0", env=env)
    assert_refused(done, "error[not-sharded]", "the model is not sharded: it is a DeepSpeedEngine")
    assert not (run_in(folder / "zero-0") / "model").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"train_batch_size": 12}, '"train_batch_size" is 12 in "deepspeed"'),
        (
            {"zero_optimization": {"stage": 2, "overlap_com": True}},
            '"zero_optimization.overlap_com" is not what DeepSpeed takes: extra inputs are',
        ),
    ],
)
def test_what_only_a_run_can_refuse_is_refused_before_its_rows(
    settings: dict[str, Any], said: str, folder: Path, env: dict[str, str]
) -> None:
    spec = write_spec(folder, "refused", {"stage": 2}, **settings)
    options = ("--processes", "2", "--output-dir", folder / "refused")
    done = ftspec("run", spec, *options, env=env)
    assert_refused(done, said)
    assert "preparing data" not in done.said


def test_one_process_is_refused(folder: Path, env: dict[str, str], warm: Warm) -> None:
    spec = write_spec(folder, "alone", {"stage": 2})
    done = warm.ftspec("run", spec, "--output-dir", folder / "alone", env=env)
    assert_refused(done, "error[not-sharded]", "this run has one")
    offloaded = {"stage": 2, "offload_optimizer": {"device": "cpu"}}
    spec = write_spec(folder, "alone", offloaded)
    done = warm.ftspec("run", spec, "--output-dir", folder / "alone", env=env)
    assert_refused(done, "error[not-sharded]", "needs a launcher")


def assert_refused(done: Done, *said: str) -> None:
    assert done.code == 1, done.said
    assert_no_traceback(done)
    for text in said:
        assert text in done.err, done.said
