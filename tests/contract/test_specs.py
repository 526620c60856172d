"""The specs of this repository: clean, plannable, and unchanged when resolved."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from ftspec.diagnostics.model import Collector, Diagnostic, Severity
from ftspec.document.load import read_source
from ftspec.linting import examine, lint
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.resolved import resolved_text
from ftspec.span import SourceText

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))
REGISTRY = build_registry(with_entry_points=False)


def faults(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Errors and warnings; a valid spec may have infos."""
    return [str(found) for found in diagnostics if found.severity is not Severity.INFO]


def source_of(path: Path) -> SourceText:
    found = Collector()
    source = read_source(path, found)
    assert source is not None, list(map(str, found))
    return source


def plan_of(source: SourceText, profile: str | None = None) -> Plan:
    verdict = examine(source, REGISTRY, profile=profile)
    assert faults(verdict.diagnostics) == []
    assert verdict.plan is not None
    return verdict.plan


def cases() -> list[tuple[Path, str | None]]:
    """Every spec, without and with each of its profiles."""
    found: list[tuple[Path, str | None]] = []
    for path in SPECS:
        document = examine(source_of(path), REGISTRY).document
        assert document is not None
        found += [(path, profile) for profile in (None, *document.profiles)]
    return found


CASES = cases()
IDS = [f"{path.stem} {profile or ''}".strip() for path, profile in CASES]


def test_there_is_one_for_each_task_and_each_can_be_tried_quickly() -> None:
    tasks = {plan_of(source_of(path)).task.type for path in SPECS}
    assert tasks == set(REGISTRY.names("task"))
    assert {path for path, profile in CASES if profile == "smoke"} == set(SPECS)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_it_lints_clean(path: Path) -> None:
    assert faults(lint(source_of(path), REGISTRY)) == []


@pytest.mark.parametrize(("path", "profile"), CASES, ids=IDS)
def test_its_resolved_spec_is_the_same_plan(
    path: Path, profile: str | None, tmp_path: Path
) -> None:
    plan = plan_of(source_of(path), profile)
    resolved = resolved_text(plan)
    # in any folder: its paths are absolute
    target = tmp_path / "elsewhere" / "spec.resolved.yaml"
    target.parent.mkdir()
    target.write_text(resolved, encoding="utf-8")
    assert faults(lint(source_of(target), REGISTRY)) == []
    again = plan_of(source_of(target))
    assert again.digest() == plan.digest()
    assert again.name == plan.name
    assert resolved_text(again) == resolved


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_profile_is_another_plan(path: Path) -> None:
    profiles = [profile for spec, profile in CASES if spec == path]
    digests = {plan_of(source_of(path), profile).digest() for profile in profiles}
    assert len(digests) == len(profiles)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_digest_is_the_same_each_time(path: Path) -> None:
    assert plan_of(source_of(path)).digest() == plan_of(source_of(path)).digest()


@pytest.mark.parametrize(
    "path", sorted((SPECS[0].parent / "base").glob("*.yaml")), ids=lambda path: path.stem
)
def test_a_base_is_used_and_is_no_spec_itself(path: Path) -> None:
    assert "ftspec:" not in path.read_text(encoding="utf-8").splitlines()
    assert any(f"extends: base/{path.name}" in spec.read_text("utf-8") for spec in SPECS)
