"""A project whose spec reads every secret, and commands that work on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.command import ONE_THREAD, Done
from tests.cli.warm import Warm
from tests.engine import rows, tiny
from tests.hub import prose
from tests.hub.fixtures import environment_for
from tests.hub.server import HubServer
from tests.secrets.canaries import SPEC, VARIABLES, held_in


@dataclass
class Project:
    """A folder with a spec, its environment, and the output of all commands so far."""

    folder: Path
    hub: HubServer
    environment: dict[str, str]
    warm: Warm
    commands: list[Done] = field(default_factory=list)

    @property
    def spec(self) -> Path:
        """The spec."""
        return self.folder / "canary.yaml"

    def ftspec(self, *arguments: str | Path) -> Done:
        """Run a command to its end, and keep its output."""
        done = self.warm.ftspec(*arguments, env=self.environment, cwd=self.folder)
        self.commands.append(done)
        return done

    def run(self, *options: str) -> Path:
        """Run the spec; the run directory."""
        before = set(self.run_dirs())
        done = self.ftspec("run", self.spec, *options)
        assert done.code == 0, done.said
        [run_dir] = set(self.run_dirs()) - before
        return run_dir

    def run_dirs(self) -> list[Path]:
        """Every run so far."""
        return sorted(self.folder.glob(f"{VARIABLES['CANARY_OUTPUT']}/runs/*/*"))

    def leaks(self, words: dict[str, str] | None = None) -> list[str]:
        """The places of a secret in everything written, printed or sent so far."""
        return list(held_in([self.folder], self.commands, self.hub, words or VARIABLES))


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    """Runs commands without importing anything again."""
    with closing(Warm()) as commands:
        yield commands


@pytest.fixture(scope="module")
def project(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The project. Caches and temporary files are in its folder, too."""
    folder = tmp_path_factory.mktemp("project")
    own_rows = folder / VARIABLES["CANARY_ROWS"] / "rows.jsonl"
    own_rows.parent.mkdir()
    rows.write_rows(own_rows, rows.glosses(40))
    texts = [row["text"] for row in prose.glosses("train")[:200]]
    tiny.build_bert(folder / VARIABLES["CANARY_MODELS"] / "bert", texts)
    (folder / "canary.yaml").write_text(SPEC % {"folder": folder}, encoding="utf-8")
    (folder / "tmp").mkdir()
    with HubServer(tmp_path_factory.mktemp("hub")) as hub:
        hub.require_token(VARIABLES["CANARY_HUB"])
        environment = environment_for(hub, folder / "hf_home") | ONE_THREAD | VARIABLES
        environment |= {
            "FTSPEC_CACHE": str(folder / "cache"),
            "TMPDIR": str(folder / "tmp"),
        }
        yield Project(folder, hub, environment, warm)
