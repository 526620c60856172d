"""pre-commit runs the hooks of `.pre-commit-hooks.yaml` in a git repository, without torch.

pre-commit would install ftspec from the package registry, which the tests do not use. Instead, the
hooks run from a folder with exactly the content of such an installation. With
`additional_dependencies`, the folder also has the wheel of a plugin.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.cli.command import ROOT, SPECS, Done, own_environment, run
from tests.plugins.environment import build_wheel

pytestmark = [
    pytest.mark.place,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git"),
]

# ftspec, the dependencies of pyproject.toml, and their dependencies
INSTALLED = (
    "_yaml",
    "annotated_types",
    "click",
    "ftspec",
    "pluggy",
    "pydantic",
    "pydantic_core",
    "typing_extensions",
    "typing_inspection",
    "yaml",
)
PYTHON = (sys.executable, "-I", "-S")  # without site-packages and this environment


@dataclass(frozen=True)
class Installation:
    """A folder like the `site-packages` of the hooks, and a folder with the command."""

    packages: Path
    commands: Path

    def import_first(self, program: str) -> str:
        return f"import sys; sys.path.insert(0, {str(self.packages)!r}); {program}"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The content of `pip install ftspec`."""
    return install(tmp_path_factory.mktemp("hooks"))


@pytest.fixture(scope="module")
def installation_with_peft(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The same with `additional_dependencies: [ftspec-peft]`."""
    folder = tmp_path_factory.mktemp("hooks_with_peft")
    made = install(folder)
    with zipfile.ZipFile(build_wheel(ROOT / "plugins" / "ftspec-peft", folder)) as wheel:
        wheel.extractall(made.packages)
    return made


def install(folder: Path) -> Installation:
    """ftspec and its dependencies in a folder."""
    made = Installation(folder / "packages", folder / "bin")
    made.packages.mkdir()
    made.commands.mkdir()
    for name in INSTALLED:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        origin = Path(found.origin)
        source = origin.parent if found.submodule_search_locations is not None else origin
        (made.packages / source.name).symlink_to(source)
    command = made.commands / "ftspec"
    program = made.import_first("from ftspec.cli import main; main()")
    command.write_text(f'#!/bin/sh\nexec {shlex.join([*PYTHON, "-c", program])} "$@"\n')
    command.chmod(0o755)
    return made


@dataclass(frozen=True)
class Repository:
    """A git repository whose commits pre-commit checks."""

    folder: Path
    env: dict[str, str]

    def git(self, *arguments: str) -> Done:
        return run(["git", *arguments], cwd=self.folder, env=self.env)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self) -> Done:
        added = self.git("add", "--all")
        assert added.code == 0, added.said
        return self.git("commit", "--message", "change")


@pytest.fixture
def repository(tmp_path: Path, installation: Installation) -> Repository:
    """A repository with the hooks as users configure them, but run from the installation."""
    return make_repository(tmp_path, installation)


def make_repository(folder: Path, installation: Installation) -> Repository:
    """A repository whose hooks run from an installation."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["language"] for hook in hooks} == {"python"}
    local = {"repo": "local", "hooks": [hook | {"language": "system"} for hook in hooks]}
    home = folder / "home"
    home.mkdir()
    here = str(Path(sys.executable).parent)
    path = [part for part in os.environ["PATH"].split(os.pathsep) if part != here]
    env = {
        name: value for name, value in own_environment().items() if not name.startswith("GIT_")
    } | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(home),
        "PATH": os.pathsep.join([str(installation.commands), *path]),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "PRE_COMMIT_COLOR": "never",
    }
    made = Repository(folder / "repository", env)
    made.folder.mkdir()
    made.git("init", "--quiet")
    made.git("config", "user.name", "Someone")
    made.git("config", "user.email", "someone@example.org")
    made.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [local]}))
    done = run([sys.executable, "-m", "pre_commit", "install"], cwd=made.folder, env=env)
    assert done.code == 0, done.said
    return made


def spec(name: str) -> str:
    return (SPECS / name).read_text(encoding="utf-8")


def test_hooks_run_where_there_is_no_torch(installation: Installation) -> None:
    for module in ("torch", "transformers", "numpy"):
        done = run([*PYTHON, "-c", installation.import_first(f"import {module}")])
        assert done.code == 1
        assert f"No module named '{module}'" in done.err
    done = run([*PYTHON, "-c", installation.import_first("import ftspec.linting")])
    assert done.code == 0, done.said


def test_bad_spec_is_blocked_and_a_good_one_passes(repository: Repository) -> None:
    repository.write("specs/base/t5.yaml", spec("base/t5.yaml"))
    bad = spec("cnn_t5.yaml").replace("highlights", "highlights}")
    repository.write("specs/cnn.yaml", bad)
    done = repository.commit()
    assert done.code == 1
    assert "error[template-syntax]" in done.out + done.err, done.said
    assert "--> specs/cnn.yaml:16:13" in done.out + done.err, done.said
    assert repository.git("rev-parse", "--verify", "HEAD").code != 0

    repository.write("specs/cnn.yaml", spec("cnn_t5.yaml"))
    done = repository.commit()
    assert done.code == 0, done.said
    assert repository.git("rev-parse", "--verify", "HEAD").code == 0


def test_yaml_that_is_not_a_spec_is_skipped(repository: Repository) -> None:
    repository.write("compose.yaml", "services: {web: {image: nginx}}\n# ftspec: 1\n")
    repository.write("base.yaml", "training: {lerning_rate: 1}\n")
    repository.write("broken.yml", "[\n")
    done = repository.commit()
    assert done.code == 0, done.said


def test_stale_schema_is_rewritten_and_blocks_once(repository: Repository) -> None:
    repository.write("ftspec.schema.json", "{}\n")
    done = repository.commit()
    assert done.code == 1
    assert "files were modified by this hook" in done.out + done.err, done.said
    fresh = (repository.folder / "ftspec.schema.json").read_bytes()
    assert fresh == (ROOT / "docs" / "ftspec.schema.json").read_bytes()
    done = repository.commit()
    assert done.code == 0, done.said


LORA = """\
ftspec: 1
data:
  source: {type: hub, path: acme/reviews, revision: v1}
  splits: {train: "train[:90%]", validation: "train[90%:]"}
preprocess: {template: {text: "{text}", label: "{label}"}}
model:
  checkpoint: google-bert/bert-base-uncased
  revision: v1
  adapter: {type: lora, rank: 8}
task: text-classification
"""


def test_plugin_among_the_dependencies_lints_its_section(
    tmp_path: Path, installation_with_peft: Installation
) -> None:
    for module in ("torch", "peft", "transformers"):
        done = run([*PYTHON, "-c", installation_with_peft.import_first(f"import {module}")])
        assert f"No module named '{module}'" in done.err
    repository = make_repository(tmp_path, installation_with_peft)
    repository.write("lora.yaml", LORA)
    done = repository.commit()
    assert done.code == 1
    assert "error[unknown-key]" in done.out + done.err, done.said
    assert '"rank" in model.adapter' in done.out + done.err, done.said

    repository.write("lora.yaml", LORA.replace("rank: 8", "r: 8"))
    done = repository.commit()
    assert done.code == 0, done.said
    assert repository.git("rev-parse", "--verify", "HEAD").code == 0


def test_plugin_that_is_missing_is_named(repository: Repository) -> None:
    repository.write("lora.yaml", LORA)
    done = repository.commit()
    assert done.code == 1
    assert 'no adapter "lora" is installed' in done.out + done.err, done.said
    assert "pip install ftspec-peft" in done.out + done.err, done.said
