"""A resolved spec has no findings, whatever overlays and ignore comments the original has."""

from __future__ import annotations

from ftspec.diagnostics.model import Severity
from ftspec.linting import examine, lint
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from ftspec.resolved import resolved_text
from ftspec.span import SourceText


def plan_of(text: str, registry: Registry, *overrides: str, profile: str | None = None) -> Plan:
    verdict = examine(SourceText("spec.yaml", text), registry, profile=profile, overrides=overrides)
    assert verdict.is_sound, list(map(str, verdict.diagnostics))
    assert verdict.plan is not None
    return verdict.plan


def assert_clean(plan: Plan, registry: Registry) -> None:
    source = SourceText("spec.resolved.yaml", resolved_text(plan))
    found = [one for one in lint(source, registry) if one.severity is not Severity.INFO]
    assert found == []
    again = examine(source, registry).plan
    assert again is not None
    assert again.digest() == plan.digest()
    assert resolved_text(again) == source.text


def test_nothing_is_ignored_without_need(minimal_spec: str, registry: Registry) -> None:
    plan = plan_of(minimal_spec, registry)
    assert not resolved_text(plan).startswith("#")
    assert_clean(plan, registry)


def test_what_an_overlay_makes_idle(minimal_spec: str, registry: Registry) -> None:
    spec = f"{minimal_spec}training: {{num_train_epochs: 3, save_steps: 10}}\n"
    overlay = 'training: {max_steps: 2, save_strategy: "no"}'
    profiled = plan_of(f"{spec}profiles: {{smoke: {{{overlay}}}}}\n", registry, profile="smoke")
    overridden = plan_of(spec, registry, "training.max_steps=2", "training.save_strategy=no")
    head = "# ftspec: ignore[idle-setting, steps-and-epochs]\n"
    for plan in (profiled, overridden):
        assert resolved_text(plan).startswith(head)
        assert_clean(plan, registry)


def test_what_the_spec_ignores(minimal_spec: str, registry: Registry) -> None:
    token = "hf_" + "a" * 32
    spec = f"# ftspec: ignore[clear-secret]\n{minimal_spec}description: {token}\n"
    assert_clean(plan_of(spec, registry), registry)
