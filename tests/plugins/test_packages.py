"""The packages in plugins/, installed as wheels together with ftspec, as users do."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.cli.command import ROOT
from tests.plugins.conftest import WheelOf
from tests.plugins.environment import PROJECTS, Environment, make_environment

pytestmark = pytest.mark.long

SPECS = [spec for project in PROJECTS for spec in sorted(project.glob("specs/*.yaml"))]


def name_of(project: Path) -> str:
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    (name,) = metadata["project"]["entry-points"]["ftspec"]
    return str(name)


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory, wheel_of: WheelOf) -> Environment:
    """ftspec and every package in plugins/."""
    made = make_environment(tmp_path_factory.mktemp("everything") / "venv")
    made.install(wheel_of(ROOT), *(wheel_of(project) for project in PROJECTS))
    return made


@pytest.mark.slow
@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_its_own_tests_pass(project: Path, everything: Environment, tmp_path: Path) -> None:
    """They lint, run with the smoke profile and predict, where all packages are installed."""
    shutil.copy(ROOT / "tests" / "garbage.py", everything.site)
    tested = everything.run(
        *("pytest", "-q", "-rs", "-p", "garbage", "-p", "no:cacheprovider", "-c", "/dev/null"),
        *("--import-mode=importlib", "--rootdir", ROOT / "plugins"),
        project / "tests",
        cwd=tmp_path,
    )
    assert tested.code == 0, tested.said


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_it_needs_no_other(
    project: Path, environment: Environment, wheel_of: WheelOf, tmp_path: Path
) -> None:
    environment.install(wheel_of(project))
    linted = environment.ftspec("lint", project / "specs", cwd=tmp_path)
    assert linted.code == 0, linted.said
    others = {other.name.replace("-", "_") for other in PROJECTS if other != project}
    code = [path.read_text(encoding="utf-8") for path in project.rglob("*.py")]
    assert not [name for name in others for text in code if name in text]


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: f"{path.parents[1].name}/{path.stem}")
def test_specs_lint_clean_with_all_installed(
    spec: Path, everything: Environment, tmp_path: Path
) -> None:
    linted = everything.ftspec("lint", spec, cwd=tmp_path)
    assert (linted.code, linted.out) == (0, ""), linted.said


def test_all_of_them_go_together(everything: Environment, tmp_path: Path) -> None:
    listed = everything.ftspec("plugins", "list", "--format", "json", cwd=tmp_path)
    assert listed.code == 0, listed.said
    for project in PROJECTS:
        assert f'"{name_of(project)}"' in listed.out
    assert listed.err == ""
    schema = everything.ftspec("schema", cwd=tmp_path)
    for project in PROJECTS:
        assert f"From `{project.name}`" in schema.out, project.name


@pytest.mark.slow
def test_spans_of_each_type_are_in_a_table(everything: Environment, tmp_path: Path) -> None:
    [spec] = [spec for spec in SPECS if spec.stem == "names"]
    options = ("--profile", "smoke", "--output-dir", tmp_path / "runs")
    ran = everything.ftspec("run", spec, *options, cwd=tmp_path)
    assert ran.code == 0, ran.said
    [run_dir] = tmp_path.glob("runs/*/*")
    done = everything.ftspec("evaluate", run_dir, cwd=tmp_path)
    assert done.code == 0, done.said
    facts = json.loads((run_dir / "evaluations" / "test" / "metrics.json").read_text())
    assert {one["entity"] for one in facts["tables"]["entities"]} == {"LOC", "PER"}
    header = "entity  precision  recall      f1  spans"
    assert header in done.out


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_without_it_the_error_names_the_package(
    project: Path, bare: Environment, tmp_path: Path
) -> None:
    spec = next(iter(sorted(project.glob("specs/*.yaml"))))
    linted = bare.ftspec("lint", spec, cwd=tmp_path)
    assert linted.code == 1, linted.said
    assert f"pip install {project.name}" in linted.out + linted.err, linted.said
