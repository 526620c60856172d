"""A plugin made by ``ftspec plugins new`` is built, installed, passes its own tests, and trains."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ftspec.scaffolding.project import KINDS
from tests.cli.command import Done
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


def test_new_task(environment: Environment, tmp_path: Path) -> None:
    project = _install_new("task", environment, tmp_path)
    # lint and a run under its smoke profile, twice, are among its own tests
    tested = environment.run("pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    _passed(tested)
    _predicts(NAMES["task"], project, environment)


def test_new_plugins_of_other_kinds(environment: Environment, tmp_path: Path) -> None:
    """In one process, since to import what they test takes longer than to test it."""
    kinds = [kind for kind in KINDS if kind != "task"]
    projects = [_install_new(kind, environment, tmp_path) for kind in kinds]
    options = ("-q", "-p", "no:cacheprovider", "--import-mode=importlib")
    _passed(environment.run("pytest", *options, *projects, cwd=tmp_path))


def _install_new(kind: str, environment: Environment, folder: Path) -> Path:
    name = NAMES[kind]
    made = environment.ftspec("plugins", "new", name, "--kind", kind, cwd=folder)
    assert made.code == 0, made.said
    project = folder / f"ftspec-{name}"
    environment.install(build_wheel(project, folder))
    return project


def _passed(tested: Done) -> None:
    assert tested.code == 0, tested.said
    assert " skipped" not in tested.out, tested.said


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
