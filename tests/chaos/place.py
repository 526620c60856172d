"""Where attacks happen: a tiny model, its spec, the undisturbed run, and commands to disturb."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from tests.chaos.trained import Trained
from tests.cli.command import Done, own_environment
from tests.cli.warm import Started, Warm
from tests.hub import prose
from tests.hub.fixtures import environment_for
from tests.hub.server import HubServer

T = TypeVar("T")
TEXT = "a large wild cat with a striped coat"
SPEC = """\
ftspec: 1
name: chaos
data:
  source: {%(source)s}
  splits: {train: "train[:24]", validation: "train[24:36]", test: "train[30:40]"}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 24}
model: {checkpoint: "%(model)s"}
task: text-classification
training:
  max_steps: 6
  per_device_train_batch_size: 4
  learning_rate: 1e-3
  logging_steps: 1
  eval_strategy: steps
  eval_steps: 3
  save_strategy: steps
  save_steps: 2
  save_total_limit: 1
performance: {precision: fp32}
metrics: []
"""
SECONDS = 120.0
"""No command takes that long; one that does waits for ever."""


class Place:
    """A folder with everything that attacks need, until it is closed.

    Attributes:
        folder: everything is below it.
        spec: the spec that is run; its model and its rows are local.
        warm: the processes that commands are forked from.
    """

    def __init__(self, folder: Path) -> None:
        from tests.engine import rows, tiny  # torch takes seconds, and not all attacks train

        self.folder = folder
        self._open = ExitStack()
        self.warm = self._open.enter_context(closing(Warm()))
        self.env = own_environment(HF_HOME=str(folder / "home"))
        self._model = tiny.build_bert(
            folder / "bert", [row["text"] for row in prose.glosses("train")[:300]]
        )
        rows.write_rows(folder / "rows.jsonl", rows.glosses(40))
        self.spec = folder / "chaos.yaml"
        source = 'type: json, files: "rows.jsonl"'
        self.spec.write_text(SPEC % {"source": source, "model": "./bert"}, encoding="utf-8")
        self._count = 0
        self._others: dict[Any, Any] = {}

    def close(self) -> None:
        """End the processes."""
        self._open.close()

    def opened(self, make: Callable[[Path], AbstractContextManager[T]]) -> T:
        """What an attack opens once, in a folder of its own, and needs until the end."""
        if make not in self._others:
            folder = self.folder / f"other-{len(self._others)}"
            folder.mkdir()
            self._others[make] = self._open.enter_context(make(folder))
        found: T = self._others[make]
        return found

    @contextmanager
    def attempt(self) -> Iterator[Path]:
        """A new folder for one attack; it is removed afterwards."""
        self._count += 1
        folder = self.folder / "attempts" / str(self._count)
        folder.mkdir(parents=True)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)

    @cached_property
    def cache(self) -> Path:
        """A cache with the rows of the spec, for attacks that do not prepare rows."""
        return self.reference.parents[2] / "cache"

    @cached_property
    def reference(self) -> Path:
        """The run directory of the undisturbed run."""
        folder = self.folder / "undisturbed"
        done = self.start_run(folder / "runs", folder / "cache").wait(1800)
        assert done.code == 0, done.said
        return run_in(done)

    @cached_property
    def trained(self) -> Trained:
        """What the undisturbed run made."""
        return Trained.of(self.reference)

    @cached_property
    def trained_from_hub(self) -> Trained:
        """What the undisturbed run with everything from the Hub made: the same weights, and a
        tokenizer that says where it is from."""
        folder = self.folder / "undisturbed_from_hub"
        done = self.start_run(folder / "runs", folder / "cache", on_hub=True).wait(1800)
        assert done.code == 0, done.said
        return Trained.of(run_in(done))

    @cached_property
    def prediction(self) -> str:
        """What the undisturbed model predicts."""
        done = self.predict(self.reference)
        assert done.code == 0, done.said
        return done.out

    @cached_property
    def hub(self) -> HubServer:
        """A Hub with the model and the rows."""
        hub = self._open.enter_context(HubServer(self.folder / "hub"))
        shutil.copytree(self._model, hub.repository("models", "acme/tiny").branch().folder)
        data = hub.repository("datasets", "acme/rows").branch().folder
        data.mkdir(parents=True)
        shutil.copy(self.folder / "rows.jsonl", data / "train.jsonl")
        source = "type: hub, path: acme/rows"
        text = SPEC % {"source": source, "model": "acme/tiny"}
        self.hub_spec.write_text(text, encoding="utf-8")
        return hub

    @property
    def hub_spec(self) -> Path:
        """The same spec with everything from the Hub."""
        return self.folder / "from_hub.yaml"

    @cached_property
    def hub_env(self) -> dict[str, str]:
        """The environment of commands that use the Hub."""
        return own_environment() | environment_for(self.hub, self.hub_home)

    @property
    def hub_home(self) -> Path:
        """Where they keep what they download."""
        return self.folder / "hub_home"

    def start_run(
        self,
        output: Path,
        cache: Path | None = None,
        *more: str,
        most_bytes: int | None = None,
        on_hub: bool = False,
    ) -> Started:
        """Start a run of the spec."""
        spec, env = (self.hub_spec, self.hub_env) if on_hub else (self.spec, self.env)
        return self.start(
            *("run", spec, "--output-dir", output, *more),
            env=env | {"FTSPEC_CACHE": str(cache or self.cache)},
            most_bytes=most_bytes,
        )

    def start(
        self,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        most_bytes: int | None = None,
    ) -> Started:
        """Start a command."""
        env = env or self.env | {"FTSPEC_CACHE": str(self.cache)}
        return self.warm.start(*arguments, env=env, cwd=self.folder, most_bytes=most_bytes)

    def predict(self, run_dir: Path) -> Done:
        """Use the model of a run."""
        return self.start("predict", run_dir, TEXT, "--format", "json").wait(SECONDS)


@contextmanager
def opened_place() -> Iterator[Place]:
    """A place in a temporary folder."""
    with ExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="ftspec-chaos-", ignore_cleanup_errors=True)
        yield stack.enter_context(closing(Place(Path(stack.enter_context(folder)))))


def run_in(done: Done) -> Path:
    """The run directory that a command names."""
    [name] = re.findall(r"^ *run directory: (.+)$", done.err, re.MULTILINE)[-1:] or re.findall(
        r"^the run in (.+) is finished", done.out, re.MULTILINE
    )
    return Path(name)


def status_in(run_dir: Path) -> dict[str, Any]:
    """The status of a run; empty if its file is not whole."""
    try:
        status = json.loads((run_dir / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return status if isinstance(status, dict) else {}
