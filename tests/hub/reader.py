"""A process that reads from the Hub and pushes to it as a run does, one request after the other.

The libraries take seconds to import, and read HF_ENDPOINT when they are imported. So one process
serves many tests: a line of JSON on its input is a request, and a line on its output the outcome.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ftspec.files import sha256_of
from ftspec.manifest import MANIFEST
from ftspec.rundir import RunDirectory

OUTCOME = "outcome: "


@dataclass(frozen=True)
class Outcome:
    """What came of a request; ``said`` is the error with its help, or empty."""

    seconds: float
    result: Any = None
    said: str = ""
    kind: str = ""
    notes: list[str] = field(default_factory=list)


class Reader:
    """The process, for tests."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.reader"],
            cwd=Path(__file__).parents[2],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def read(self, what: str, name: str, patience: float, **more: Any) -> Outcome:
        """Read a repository: a ``model``, ``file``, ``tokenizer``, ``dataset`` or ``commit``; or
        ``push`` a model to it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"what": what, "name": name, "patience": patience, **more}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith(OUTCOME):
                return Outcome(**json.loads(line.removeprefix(OUTCOME)))
        raise AssertionError(self._process.communicate()[1][-4000:])

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def main() -> None:
    from ftspec.engine.patches.patient_hub import patient_hub
    from ftspec.engine.patches.quiet_libraries import quiet_libraries
    from ftspec.engine.patches.verified_downloads import verified_downloads
    from ftspec.errors import RunError
    from ftspec.testing.runs import Listener

    for line in sys.stdin:
        request = json.loads(line)
        os.environ["FTSPEC_HUB_PATIENCE"] = str(request["patience"])
        listener, outcome = Listener(), {}
        started = time.monotonic()
        note = listener.note
        with quiet_libraries(), patient_hub(note), verified_downloads(note), _at(request):
            try:
                outcome["result"] = READ[request["what"]](request)
            except RunError as error:
                outcome["said"] = "\n".join([error.headline, *error.helps])
                outcome["kind"] = "RunError"
            except Exception as error:
                outcome["said"], outcome["kind"] = str(error), type(error).__name__
        outcome |= {"seconds": time.monotonic() - started, "notes": listener.notes}
        print(OUTCOME + json.dumps(outcome), flush=True)


def _at(request: dict[str, Any]) -> Any:
    """Another address for one request."""
    from unittest.mock import patch

    from huggingface_hub import constants

    endpoint = request.get("endpoint", constants.ENDPOINT)
    url = f"{endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    return patch.multiple(constants, ENDPOINT=endpoint, HUGGINGFACE_CO_URL_TEMPLATE=url)


def _model(request: dict[str, Any]) -> Any:
    """The sum of the weights, by way of everything that a run asks for."""
    from ftspec.engine.model.checkpoint import Checkpoint
    from ftspec.engine.model.config import load_config
    from ftspec.engine.model.load import load_model
    from ftspec.spec.model import ModelSection

    section = ModelSection(checkpoint=request["name"], revision=request.get("revision"))
    checkpoint = Checkpoint(name=request["name"], revision=section.revision, is_hub=True)
    config = load_config(section, checkpoint, {})
    model, _ = load_model(section, checkpoint, config, "AutoModel", lambda note: None)
    return sum(float(weights.detach().sum()) for weights in model.parameters())


def _tokenizer(request: dict[str, Any]) -> Any:
    from ftspec.api import TokenizerContext
    from ftspec.builtin.tokenizers.auto import load_tokenizer
    from ftspec.builtin.tokenizers.config import AutoTokenizerConfig

    context = TokenizerContext(
        section=("tokenizer",),
        seed=1,
        note=lambda note: None,
        checkpoint=request["name"],
        revision=None,
        trust_remote_code=False,
        texts=list,
    )
    return load_tokenizer(AutoTokenizerConfig(), context)("a large cat")["input_ids"]


def _dataset(request: dict[str, Any]) -> Any:
    from ftspec.api import Context
    from ftspec.builtin.sources.config import HubConfig
    from ftspec.builtin.sources.hub import HubSource

    context = Context(section=("data", "source"), seed=1, note=lambda note: None)
    source = HubSource(HubConfig(path=request["name"]), context)
    return list(source.load("train")["text"])


def _file(request: dict[str, Any]) -> Any:
    """The SHA-256 of the weights, without loading them."""
    from huggingface_hub import hf_hub_download

    from ftspec.engine.model.checkpoint import Checkpoint
    from ftspec.engine.model.load_errors import cannot_load
    from ftspec.files import sha256_of

    try:
        return sha256_of(Path(hf_hub_download(request["name"], "model.safetensors")))
    except Exception as error:
        raise cannot_load(error, Checkpoint(name=request["name"], is_hub=True)) from error


def _commit(request: dict[str, Any]) -> Any:
    from ftspec.engine.model.checkpoint import Checkpoint, commit_of

    return commit_of(Checkpoint(name=request["name"], is_hub=True))


def _push(request: dict[str, Any]) -> Any:
    """Push the model of a finished run, as a run does at its end."""
    from ftspec.engine.hub.push import HubPush
    from ftspec.engine.progress.run_log import RunLog
    from ftspec.testing.runs import Listener, plan_spec

    run_dir = _finished(request["model"], request["data"])
    spec = FINISHED.format(**request)
    pushed = (f"training.hub_model_id={request['name']}", "training.push_to_hub=true")
    plan = plan_spec(spec, run_dir.path.parent, overrides=pushed)
    with RunLog(run_dir.log, Listener(), plan.mask) as log, HubPush(plan, run_dir, log) as push:
        push.finish()
    return {path.name: sha256_of(path) for path in run_dir.model.iterdir() if path.name != MANIFEST}


@cache
def _finished(model: str, data: str) -> RunDirectory:
    from ftspec.testing.runs import execute_plan, plan_spec

    plan = plan_spec(FINISHED.format(model=model, data=data), Path(data).parent / "runs")
    return execute_plan(plan)


FINISHED = """\
ftspec: 1
name: pushed
data:
  source: {{type: json, files: "{data}/train.jsonl"}}
  splits: {{train: "train[:-4]", test: "train[-4:]"}}
preprocess: {{template: {{text: "{{text}}", label: "{{topic}}"}}}}
model: {{checkpoint: "{model}"}}
task: text-classification
training: {{max_steps: 1, save_strategy: "no"}}
"""

READ = {
    "model": _model,
    "file": _file,
    "tokenizer": _tokenizer,
    "dataset": _dataset,
    "commit": _commit,
    "push": _push,
}

if __name__ == "__main__":
    main()
