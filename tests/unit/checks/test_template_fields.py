"""The template fills the fields of the task."""

from __future__ import annotations

import pytest

from tests.unit.conftest import Diagnose, Examine, PlanOf, placed

TEMPLATE = 'template: {text: "{text}", label: "{stars}"}'


def test_optional_field_may_be_left_out_or_filled(plan_of: PlanOf, minimal_spec: str) -> None:
    assert "text_pair" not in plan_of(minimal_spec).template
    with_pair = minimal_spec.replace("text: ", "text_pair: '{b}', text: ")
    assert plan_of(with_pair).template["text_pair"] == "{b}"


@pytest.mark.parametrize(
    ("template", "findings"),
    [
        ('template: {text: "{text}"}', ["8:13 missing-field"]),
        ("template: {}", ["8:13 missing-field", "8:13 missing-field"]),
        (
            'template: {txt: "{text}", label: "{stars}"}',
            ["8:13 missing-field", "8:14 unknown-field"],
        ),
        (
            'template:\n    text: "{text}"\n    target: "{stars}"',
            ["8:3 missing-field", "10:5 unknown-field"],
        ),
    ],
)
def test_fields_at_fault_are_reported_at_the_template_and_at_their_key(
    template: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(minimal_spec.replace(TEMPLATE, template)) == findings


def test_unknown_field_suggests_the_one_meant(examine: Examine, minimal_spec: str) -> None:
    text = minimal_spec.replace("text: ", "text_piar: x, text: ")
    (finding,) = examine(text).diagnostics
    assert placed(finding) == "8:14 unknown-field"
    assert finding.headline == 'the task "text-classification" has no field "text_piar"'
    assert finding.helps == ('did you mean "text_pair"?',)
    assert finding.fix is not None
    assert (finding.fix.span.excerpt, finding.fix.replacement) == ("text_piar", "text_pair")


def test_unknown_field_far_from_all_lists_them(examine: Examine, minimal_spec: str) -> None:
    (finding,) = examine(minimal_spec.replace("text: ", "zzzz: x, text: ")).diagnostics
    assert finding.helps == ('expected one of "text", "text_pair", "label"',)


def test_missing_field_says_what_it_is(examine: Examine, minimal_spec: str) -> None:
    text = minimal_spec.replace("text-classification", "summarization").replace(
        TEMPLATE, "template: {source: '{a}'}"
    )
    (finding,) = examine(text).diagnostics
    assert finding.headline == 'the task "summarization" needs the field "target"'
    assert finding.helps == ('add "target": the output text',)
