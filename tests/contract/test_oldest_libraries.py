"""The oldest libraries that tests run with are the oldest that may be installed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from ftspec.linting import examine
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText
from tests.oldest import FILES, ROOT, SPEC_TESTS, SPECS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def versions(requirements: Iterable[str], operator: str) -> dict[str, Version]:
    """The version after an operator, by the name of the package."""
    found = {}
    for one in map(Requirement, requirements):
        (version,) = (part.version for part in one.specifier if part.operator == operator)
        found[re.sub(r"[-_.]+", "-", one.name).lower()] = Version(version)
    return found


def pins_in(name: str) -> dict[str, Version]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return versions((line for line in lines if line and not line.startswith("#")), "==")


@pytest.mark.parametrize(
    "name", sorted(versions([*PROJECT["dependencies"], *EXTRAS["train"]], ">="))
)
def test_the_lowest_version_is_tested(name: str) -> None:
    lowest = versions([*PROJECT["dependencies"], *EXTRAS["train"]], ">=")
    assert pins_in("constraints-oldest.txt")[name] == lowest[name]


def test_the_lowest_version_of_each_tool_is_tested() -> None:
    pins, lowest = pins_in("constraints-oldest.txt"), versions(EXTRAS["dev"], ">=")
    tools = pins.keys() & lowest.keys()
    assert tools == {"hypothesis", "pytest", "pytest-xdist"}
    assert {name: pins[name] for name in tools} == {name: lowest[name] for name in tools}


def test_no_oldest_version_is_newer_than_the_newest() -> None:
    newest, oldest = pins_in("constraints.txt"), pins_in("constraints-oldest.txt")
    newer = {name for name in oldest.keys() & newest.keys() if oldest[name] > newest[name]}
    assert newer == set()


def test_the_tests_are_there() -> None:
    assert [name for name in FILES if not (ROOT / name).is_file()] == []
    text = (ROOT / "tests" / "cli" / "test_specs_run.py").read_text(encoding="utf-8")
    assert [test for test in SPEC_TESTS if f"\ndef {test}(" not in text] == []


def test_one_spec_of_each_task_runs() -> None:
    registry = build_registry(with_entry_points=False)
    tasks = [task_of(ROOT / "specs" / f"{name}.yaml") for name in SPECS]
    assert sorted(tasks) == sorted(registry.names("task"))


def task_of(path: Path) -> str:
    source = SourceText(str(path), path.read_text(encoding="utf-8"), path)
    plan = examine(source, build_registry(with_entry_points=False)).plan
    assert plan is not None
    return plan.task.type
