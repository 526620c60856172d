"""Secrets that no file, log, message, cache or upload may contain, and a search for them.

A test that adds a place for secrets, or a command that writes, adds it here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.cli.command import Done
from tests.hub.server import HubServer

VARIABLES = {
    "CANARY_ROWS": "canary-in-files-41f0",
    "CANARY_MODELS": "canary-in-checkpoint-92c7",
    "CANARY_REVISION": "canary-in-revision-5b1d",
    "CANARY_OUTPUT": "canary-in-output-dir-e83a",
    "CANARY_HUB": "hf_CanaryInHubTokenCanaryInHubToken",
    "HF_TOKEN": "canary-in-the-environment-c6d2",
}
"""What the specs read, and a token that they do not read, by the variable."""

SPEC = """\
ftspec: 1
name: canary
data:
  source: {type: json, files: "%(folder)s/${env:CANARY_ROWS}/rows.jsonl"}
  splits: {train: "train[:16]", validation: "train[16:24]", test: "train[24:32]"}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer:
  checkpoint: "%(folder)s/${env:CANARY_MODELS}/bert"
  revision: "${env:CANARY_REVISION}"
  max_length: 16
model: {checkpoint: "%(folder)s/${env:CANARY_MODELS}/bert", revision: "${env:CANARY_REVISION}"}
task: text-classification
training:
  max_steps: 3
  per_device_train_batch_size: 4
  logging_steps: 1
  eval_strategy: steps
  eval_steps: 1
  save_steps: 1
  push_to_hub: true
  hub_token: ${env:CANARY_HUB}
metrics: [accuracy]
callbacks: [{type: best-model, keep: 2}, generated-samples]
output: {dir: "%(folder)s/${env:CANARY_OUTPUT}/runs"}
"""
"""A value of the environment in each place where one may stand."""


def held_in(
    folders: list[Path], commands: list[Done], hub: HubServer, words: Mapping[str, str]
) -> Iterator[str]:
    """Where one of the secrets is: in the bytes of a file, in what a command said, or in what the
    Hub received outside the header that a token belongs into."""
    for name, word in words.items():
        for path in _files(folders):
            if word.encode() in path.read_bytes():
                yield f"{name} in the file {path.name} of {path.parent.name}"
        for done in commands:
            if word in done.out + done.err:
                yield f"{name} in what a command said:\n{done.said}"
        for request in hub.holding(word):
            yield f"{name} in {request.method} {request.path}"


def _files(folders: list[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file())
