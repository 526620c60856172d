"""A plugin made by ``ftspec plugins new`` is built, installed, passes its own tests, and trains."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ftspec.scaffolding.project import KINDS
from tests.plugins.environment import Environment, build_wheel

pytestmark = pytest.mark.slow

NAMES = {
    "callback": "runaway-loss",
    "metric": "balanced-accuracy",
    "source": "docstrings",
    "task": "fill-mask",
    "tokenizer": "characters",
    "transform": "tidy-text",
}


@pytest.mark.parametrize("kind", KINDS)
def test_new_plugin(kind: str, environment: Environment, tmp_path: Path) -> None:
    name = NAMES[kind]
    made = environment.ftspec("plugins", "new", name, "--kind", kind, cwd=tmp_path)
    assert made.code == 0, made.said
    project = tmp_path / f"ftspec-{name}"

    environment.install(build_wheel(project, tmp_path))
    # lint and a run under its smoke profile, twice, are among its own tests
    tested = environment.run("pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert tested.code == 0, tested.said
    assert " skipped" not in tested.out, tested.said

    if kind == "task":
        _predicts(name, project, environment)


def _predicts(name: str, project: Path, environment: Environment) -> None:
    ran = environment.ftspec("run", f"specs/{name}.yaml", "--profile", "smoke", cwd=project)
    assert ran.code == 0, ran.said
    (run_dir,) = project.glob(f"runs/{name}/*")
    told = environment.ftspec("predict", run_dir, "the [MASK] statement", cwd=project)
    assert told.code == 0, told.said
    assert told.out.strip()


def test_new_plugin_needs_no_network_and_few_packages(bare: Environment, tmp_path: Path) -> None:
    bare.ftspec("plugins", "new", "fill-mask", cwd=tmp_path)
    metadata = tomllib.loads((tmp_path / "ftspec-fill-mask" / "pyproject.toml").read_text())
    assert len(metadata["project"]["dependencies"]) == 1
    assert metadata["project"]["dependencies"][0].startswith("ftspec>=")


def test_nothing_is_overwritten(bare: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "ftspec-fill-mask"
    folder.mkdir()
    refused = bare.ftspec("plugins", "new", "fill-mask", cwd=tmp_path)
    assert refused.code == 2, refused.said
    assert "is there already" in refused.err
    assert list(folder.iterdir()) == []
