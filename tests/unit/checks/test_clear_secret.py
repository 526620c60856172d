"""Secrets in plain text are found, and never repeated."""

from __future__ import annotations

import pytest

from ftspec.diagnostics.render import RENDERERS
from tests.unit.conftest import Diagnose, Examine, placed

TOKENS = [
    "hf_" + "a1B2" * 8,
    "api_org_" + "a1B2" * 8,
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2_" * 10,
    "glpat-" + "a1-_" * 5,
    "sk-" + "a1B2" * 10,
    "sk-ant-api03-" + "a1_B2-" * 8,
    "AKIA" + "A1B2" * 4,
    "AIza" + "a1B2_-x" * 5,
    "xoxb-" + "12345-" * 5,
]


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token[:7])
def test_token_is_found_in_its_place_and_nowhere_shown(
    token: str, examine: Examine, minimal_spec: str
) -> None:
    text = f'{minimal_spec}description: "run with {token}, as ever"\nseed: 3\n'
    (finding,) = examine(text).diagnostics
    assert placed(finding) == "11:24 clear-secret"
    assert finding.span is not None
    assert finding.span.end.column - finding.span.start.column == len(token)
    for name, render in RENDERERS.items():
        assert token not in render([finding]), name
        assert token[6:16] not in render([finding]), name


def test_token_on_the_command_line_is_not_shown(examine: Examine, minimal_spec: str) -> None:
    (finding,) = examine(minimal_spec, overrides=[f"training.hub_token={TOKENS[0]}"]).diagnostics
    assert finding.slug == "clear-secret"
    for render in RENDERERS.values():
        assert TOKENS[0] not in render([finding])


@pytest.mark.parametrize(
    "text",
    [
        "hf_short",
        "a86b5e0934494bd15c9632b12f734a8a67f723594",
        "x" + TOKENS[0],
        "task-" + "a1B2" * 10,
        "wordsk-" + "a1B2" * 10,
        "AKIA lower case",
        "google-bert/bert-base-uncased",
    ],
)
def test_what_only_looks_like_one_is_left_alone(
    text: str, diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(f"{minimal_spec}description: {text}\n") == []


def test_token_from_the_environment_is_where_it_should_be(
    diagnose: Diagnose, minimal_spec: str
) -> None:
    text = f"{minimal_spec}training: {{hub_token: '${{env:HF_TOKEN}}'}}\n"
    assert diagnose(text, environment={"HF_TOKEN": TOKENS[0]}) == []


def test_default_of_a_variable_is_written_in_clear(examine: Examine, minimal_spec: str) -> None:
    text = f"{minimal_spec}training: {{hub_token: '${{env:HF_TOKEN:-{TOKENS[0]}}}'}}\n"
    (finding,) = examine(text).diagnostics
    assert placed(finding).endswith("clear-secret")
