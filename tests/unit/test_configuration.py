"""``[tool.ftspec]``: severities of a project, and mistakes in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.diagnostics.model import Severity
from ftspec.linting import examine, lint
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText
from tests.unit.document.test_ignores import MISMATCH, SPEC


def spec_in(folder: Path, pyproject: str) -> SourceText:
    (folder / "pyproject.toml").write_text(pyproject)
    (folder / "specs").mkdir()
    return SourceText("spec.yaml", f"{SPEC}{MISMATCH}\n", folder / "specs" / "spec.yaml")


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_severity_of_the_project_applies_to_lint_and_run(tmp_path: Path, level: str) -> None:
    source = spec_in(tmp_path, f'[tool.ftspec.severity]\nmetric-mismatch = "{level}"\n')
    registry = build_registry()

    assert [(one.slug, one.severity) for one in lint(source, registry)] == [
        ("metric-mismatch", Severity(level))
    ]
    assert examine(source, registry).is_sound is (level != "error")


def test_finding_that_is_off_is_not_there(tmp_path: Path) -> None:
    source = spec_in(tmp_path, '[tool.ftspec.severity]\nmetric-mismatch = "off"\n')

    assert lint(source, build_registry()) == ()


@pytest.mark.parametrize(("level", "left"), [("off", 0), ("error", 2)])
def test_findings_about_profiles_and_comments_have_severities_too(
    tmp_path: Path, level: str, left: int
) -> None:
    pyproject = f'[tool.ftspec.severity]\nidle-profile = "{level}"\nunused-ignore = "{level}"\n'
    (tmp_path / "pyproject.toml").write_text(pyproject)
    text = f"{SPEC}seed: 1  # ftspec: ignore[a]\nprofiles: {{same: {{seed: 1}}}}\n"
    found = lint(SourceText("spec.yaml", text, tmp_path / "spec.yaml"), build_registry())
    assert [one.severity for one in found] == [Severity.ERROR] * left


def test_pyproject_without_ftspec_is_passed_over(tmp_path: Path) -> None:
    source = spec_in(tmp_path, '[tool.ftspec.severity]\nmetric-mismatch = "off"\n')
    (tmp_path / "specs" / "pyproject.toml").write_text("[tool.other]\n")

    assert lint(source, build_registry()) == ()


@pytest.mark.parametrize(
    ("pyproject", "line", "headline"),
    [
        ("[tool.ftspec]\nseverty = 3\n", "2:1", 'unknown key "severty" in tool.ftspec'),
        ("[tool.ftspec]\nseverity = 3\n", "2:1", "severity must be a table"),
        (
            '[tool.ftspec.severity]\nmetric-mismach = "off"\n',
            "2:1",
            'no check has the slug "metric-mismach"',
        ),
        (
            '[tool.ftspec.severity]\nunknown-key = "off"\n',
            "2:1",
            'no check has the slug "unknown-key"',
        ),
        (
            '[tool.ftspec.severity]\nmetric-mismatch = "fatal"\n',
            "2:1",
            '"fatal" is not a severity',
        ),
        ("[tool.ftspec\n", "1:1", "not valid TOML"),
    ],
)
def test_fault_of_the_configuration_points_into_pyproject(
    tmp_path: Path, pyproject: str, line: str, headline: str
) -> None:
    source = spec_in(tmp_path, pyproject)
    faults = [one for one in lint(source, build_registry()) if one.slug == "bad-configuration"]

    assert len(faults) == 1
    assert str(faults[0].span) == f"{tmp_path / 'pyproject.toml'}:{line}"
    assert faults[0].headline.startswith(headline)
