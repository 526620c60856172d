"""From a text to its findings, for every command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ftspec
from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.diagnostics.render import RENDERERS
from ftspec.document.dump import dump
from ftspec.linting import examine, lint
from ftspec.registry.registry import Plugin, Registry
from ftspec.span import SourceText
from tests.unit.conftest import MINIMAL, Examine, placed

Check = Callable[..., Any]


def linted(text: str, registry: Registry, **options: Any) -> list[str]:
    found = lint(SourceText("spec.yaml", text), registry, **options)
    return [placed(one) for one in found if one.severity is not Severity.INFO]


# Verdicts


def test_sound_spec_has_document_and_plan(examine: Examine, minimal_spec: str) -> None:
    verdict = examine(minimal_spec)
    assert verdict.is_sound
    assert verdict.document is not None
    assert verdict.plan is not None
    assert verdict.diagnostics == ()


@pytest.mark.parametrize(
    ("text", "has_document", "has_plan"),
    [
        ("[1]", False, False),
        (MINIMAL + "name: ${env:X}\n", True, False),  # loading
        (MINIMAL + "sede: 1\n", True, False),  # validating
        (MINIMAL + "callbacks: [x]\n", True, False),  # resolving
        (MINIMAL + "metrics: [rouge]\n", True, True),  # checking
    ],
)
def test_spec_at_fault_goes_as_far_as_it_can_and_is_not_sound(
    text: str, has_document: bool, has_plan: bool, examine: Examine
) -> None:
    verdict = examine(text)
    assert not verdict.is_sound
    assert (verdict.document is not None, verdict.plan is not None) == (has_document, has_plan)


def test_phase_that_fails_ends_the_way(examine: Examine, minimal_spec: str) -> None:
    text = minimal_spec.replace("acme/bert", "'${env:X}'") + "sede: 1\nmetrics: [rouge]\n"
    assert [one.slug for one in examine(text).diagnostics] == ["unset-variable"]


# Profiles


def test_unknown_metric_or_transform_hides_no_check(registry: Registry, minimal_spec: str) -> None:
    text = minimal_spec.replace(
        "preprocess:\n", "preprocess:\n  transforms: [{type: filter, column: a}, dedup]\n"
    )
    text += (
        "metrics: [acuracy, rouge, f2, chrf]  # ftspec: ignore[metric-mismatch]\n"
        "training: {learning_rate: 1, metric_for_best_model: acuracy}\n"
    )
    source = SourceText("spec.yaml", text)
    found = [placed(one) for one in lint(source, registry) if one.severity is not Severity.INFO]
    assert found == [
        "8:16 bad-value",
        "8:43 unknown-type",
        "12:11 unknown-type",
        "12:27 unknown-type",
        "13:27 learning-rate",
    ]
    verdict = examine(source, registry)
    assert verdict.plan is None
    assert not verdict.is_sound


def test_findings_under_every_profile_are_reported_once_in_order_of_place(
    registry: Registry, minimal_spec: str
) -> None:
    text = (
        minimal_spec + "profiles:\n"
        "  late: {seed: x}\n"
        "  sound: {seed: 3}\n"
        "  early: {training: {max_steps: y}}\n"
        "metrics: [rouge]\n"
    )
    assert linted(text, registry) == [
        "12:16 wrong-type",
        "14:33 wrong-type",
        "15:11 metric-mismatch",
    ]


def test_fault_of_the_spec_itself_is_not_repeated_for_each_profile(
    registry: Registry, minimal_spec: str
) -> None:
    text = minimal_spec + "sede: 1\nprofiles: {a: {seed: 1}, b: {seed: 2}, c: {seed: 3}}\n"
    assert linted(text, registry) == ["11:1 unknown-key"]


def test_spec_that_only_a_profile_completes_is_told_what_it_lacks(
    registry: Registry, minimal_spec: str
) -> None:
    text = minimal_spec.replace("task: text-classification\n", "")
    text += "profiles: {whole: {task: text-classification}}\n"
    assert linted(text, registry) == ["1:1 missing-key"]


def test_overrides_count_under_every_profile(registry: Registry, minimal_spec: str) -> None:
    text = minimal_spec + "profiles: {a: {seed: x}}\n"
    assert linted(text, registry, overrides=["seed=3"]) == []
    assert linted(text, registry, overrides=["seed=y"]) == ["--set seed=y:1:6 wrong-type"]


@pytest.mark.parametrize(
    ("profiles", "findings"),
    [
        ("{same: {seed: 7}}", ["12:12 idle-profile"]),
        ("{empty: {}}", ["12:12 idle-profile"]),
        ("{other: {seed: 8}}", []),
        ("{named: {name: other}}", []),
        ("{elsewhere: {output: {dir: x}}}", []),
        ("{default: {training: {max_steps: -1}}}", []),  # a run has other findings
    ],
)
def test_profile_that_changes_nothing_is_reported_at_its_name(
    profiles: str, findings: list[str], registry: Registry, minimal_spec: str
) -> None:
    assert linted(f"{minimal_spec}seed: 7\nprofiles: {profiles}\n", registry) == findings


def test_override_makes_no_profile_idle(registry: Registry, minimal_spec: str) -> None:
    text = f"{minimal_spec}seed: 7\nprofiles: {{other: {{seed: 8}}}}\n"
    assert linted(text, registry, overrides=["seed=9"]) == []


# Checks of plugins


def with_check(registry: Registry, check: Check, name: str = "p") -> Registry:
    plugin = Plugin(
        name=name,
        distribution="dist",
        version="1",
        hooks=("ftspec_check_plan",),
        call=lambda hook, **arguments: [check(**arguments)],
    )
    return Registry(registry.components, (*registry.plugins, plugin), registry.problems)


def test_finding_of_a_plugin_stands_beside_the_built_in_ones(
    examine: Examine, registry: Registry, minimal_spec: str
) -> None:
    def check(plan: Any, spans: Any) -> list[Diagnostic]:
        assert plan.seed == 42
        return [
            Diagnostic(slug="p/house-rule", headline="no", labels=labelled(spans.span(("task",))))
        ]

    text = minimal_spec + "metrics: [rouge]\n"
    found = examine(text, registry=with_check(registry, check)).diagnostics
    assert [placed(one) for one in found] == ["11:11 metric-mismatch", "10:7 p/house-rule"]


def raising(plan: Any, spans: Any) -> list[Diagnostic]:
    raise ValueError(f"token {plan.training['hub_token']}")


def returning_text(plan: Any, spans: Any) -> list[str]:
    return ["no"]


def returning_nothing(plan: Any, spans: Any) -> None:
    return None


def badly_made(plan: Any, spans: Any) -> list[Diagnostic]:
    return [Diagnostic(slug="p/x", headline="no", labels=("here",))]  # type: ignore[arg-type]


def leaving(plan: Any, spans: Any) -> list[Diagnostic]:
    raise SystemExit(0)


RAISED = 'raised in "ftspec_check_plan": '
RETURNED = 'returned a bad finding from "ftspec_check_plan": '


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (raising, RAISED + "ValueError: token ${env:TOKEN}"),
        (leaving, RAISED + "SystemExit: 0"),
        (returning_text, RETURNED + "expected Diagnostic, found str"),
        (returning_nothing, RAISED + "TypeError: 'NoneType' object is not iterable"),
        (badly_made, RETURNED + "its labels must be a tuple of Label"),
    ],
)
def test_plugin_at_fault_is_a_warning_and_the_other_plugins_go_on(
    check: Check, words: str, examine: Examine, registry: Registry, minimal_spec: str
) -> None:
    wider = with_check(with_check(registry, check), lambda plan, spans: [], "q")
    text = minimal_spec + "training: {hub_token: '${env:TOKEN}'}\n"
    verdict = examine(text, registry=wider, environment={"TOKEN": "hunter2secret"})
    (finding,) = verdict.diagnostics
    assert placed(finding) == "1:1 plugin-hooks"
    assert finding.severity is Severity.WARNING
    assert finding.headline == f'the plugin "p" (dist 1) {words}'
    assert verdict.is_sound


@pytest.mark.parametrize(
    ("slug", "shown"),
    [
        ("house-rule", "p/house-rule"),
        ("q/house-rule", "p/house-rule"),
        ("unknown-key", "p/unknown-key"),
        ("p/House Rule", "p/House Rule"),
    ],
)
def test_finding_under_a_foreign_slug_is_the_plugins_own_and_its_fault(
    slug: str, shown: str, examine: Examine, registry: Registry, minimal_spec: str
) -> None:
    def check(plan: Any, spans: Any) -> list[Diagnostic]:
        place = labelled(spans.span(("task",)))
        return [Diagnostic(slug=slug, headline=text, labels=place) for text in ("no", "never")]

    found = examine(minimal_spec, registry=with_check(registry, check)).diagnostics
    assert [placed(one) for one in found] == [f"10:7 {shown}"] * 2 + ["1:1 plugin-hooks"]
    assert found[-1].headline == (
        f'the plugin "p" (dist 1) gave a finding the slug "{slug}", which is not "p/<kebab-case>"'
    )


def test_check_that_raises_midway_has_found_something(
    examine: Examine, registry: Registry, minimal_spec: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(plan: Any, spans: Any) -> Iterator[Diagnostic]:
        print("looking")
        yield Diagnostic(slug="p/first", headline="no", labels=labelled(spans.span(("task",))))
        raise OSError("too late")

    found = examine(minimal_spec, registry=with_check(registry, check)).diagnostics
    assert [placed(one) for one in found] == ["10:7 p/first", "1:1 plugin-hooks"]
    assert capsys.readouterr().out == ""


# Any text


def survives(text: str, registry: Registry) -> None:
    """Examine, render and, if there is a plan, resolve the text. None of this may raise."""
    verdict = examine(SourceText("spec.yaml", text), registry, environment={"X": "hunter2"})
    assert verdict.plan is not None or verdict.diagnostics
    for render in RENDERERS.values():
        render(verdict.diagnostics)
    assert all(one.headline and one.span for one in verdict.diagnostics)
    if verdict.is_sound and verdict.plan is not None:
        again = examine(
            SourceText("spec.yaml", dump(verdict.plan.to_spec())),
            registry,
            environment={"X": "hunter2"},
        )
        assert again.is_sound
        assert again.plan is not None
        assert again.plan.digest() == verdict.plan.digest()


_YAML = st.text(alphabet=" \n\t-:{}[],&*!|>'\"%@#?~<$abe01._\\\x85\u2028\ufeff\x00é😀", max_size=60)
_FRAGMENTS = (
    "a: |- |[|]|{|}|&x |*x|${env:X}|${env:Y}|? |: |<<: |!!str |'|\"|1e-5|~|on|type: |task: |"
    "extends: |---|profiles: |data: |template: |{text}|.inf|0o17|\\0|/|~x/|,|#|  |\n|\n  |>-\n"
)
_PIECES = st.lists(st.sampled_from(_FRAGMENTS.split("|")), max_size=25).map("".join)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["hub", "json", "mixture", "train", "auto", "rouge", "f1", "${env:X}", "{a}"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "files", "path", "source", "sources", "x", "slice", "from"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
_SECTIONS = """
    ftspec name description seed data preprocess tokenizer model task training performance metrics
    callbacks output profiles extends data.source data.splits data.splits.train model.config
    preprocess.template preprocess.transforms training.max_steps training.lr_scheduler_kwargs
"""


@given(text=st.text() | _YAML | _PIECES)
@settings(max_examples=250)
def test_any_text_gives_a_plan_or_findings(text: str, registry: Registry) -> None:
    survives(text, registry)


@given(start=st.integers(0, 240), length=st.integers(0, 30), text=_YAML | _PIECES)
@settings(max_examples=200)
def test_sound_spec_with_any_edit_gives_a_plan_or_findings(
    start: int, length: int, text: str, registry: Registry
) -> None:
    survives(MINIMAL[:start] + text + MINIMAL[start + length :], registry)


@given(section=st.sampled_from(_SECTIONS.split()), value=_VALUES)
@settings(max_examples=200)
def test_any_value_in_any_section_gives_a_plan_or_findings(
    section: str, value: Any, registry: Registry
) -> None:
    override = f"{section}={dump([value])[2:]}".replace("\n", "\n" + " " * (len(section) + 1))
    verdict = examine(
        SourceText("spec.yaml", MINIMAL), registry, overrides=[override], environment={"X": "y"}
    )
    assert verdict.plan is not None or verdict.diagnostics
    for render in RENDERERS.values():
        render(verdict.diagnostics)


@given(written=st.text(alphabet="abct.[]=0129{}: '\n\\\x00é", max_size=20))
@settings(max_examples=100)
def test_any_override_gives_a_plan_or_findings(written: str, registry: Registry) -> None:
    verdict = examine(
        SourceText("spec.yaml", MINIMAL), registry, overrides=[written], environment={}
    )
    assert verdict.plan is not None or verdict.diagnostics


# Weight


def test_lint_loads_no_heavy_module(tmp_path: Path, minimal_spec: str) -> None:
    (tmp_path / "x.yaml").write_text(minimal_spec)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from ftspec.linting import lint\n"
        "from ftspec.registry.discover import build_registry\n"
        "from ftspec.registry.heavy_imports import HEAVY_MODULES\n"
        "from ftspec.span import SourceText\n"
        "source = SourceText('x.yaml', Path(sys.argv[1]).read_text())\n"
        "found = lint(source, build_registry(with_entry_points=False))\n"
        "assert all(one.slug == 'unpinned-revision' for one in found)\n"
        "print([name for name in HEAVY_MODULES if name in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.yaml")],
        cwd=Path(ftspec.__file__).parents[1],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
