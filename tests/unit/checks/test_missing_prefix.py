"""Checkpoints that were trained with a prefix, by their names."""

from __future__ import annotations

import pytest

from tests.unit.conftest import Diagnose, Examine


def summary_of(minimal_spec: str, checkpoint: str, source: str = "{text}") -> str:
    return (
        minimal_spec.replace("acme/bert", checkpoint)
        .replace("text-classification", "summarization")
        .replace('{text: "{text}", label: "{stars}"}', f'{{source: "{source}", target: "{{x}}"}}')
    )


@pytest.mark.parametrize(
    "checkpoint", ["t5-small", "google-t5/t5-11b", "acme/my-t5-base-news", "T5-Large", "a/b_t5_3b"]
)
def test_checkpoint_of_the_paper_and_what_was_made_of_it(
    checkpoint: str, diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(summary_of(minimal_spec, checkpoint)) == ["8:22 missing-prefix"]
    assert diagnose(summary_of(minimal_spec, checkpoint, "shorten: {text}")) == []


@pytest.mark.parametrize(
    "checkpoint",
    [
        "google/mt5-base",
        "google/umt5-base",
        "google/byt5-base",
        "google/flan-t5-base",
        "google/t5-v1_1-base",
        "google/t5-base-lm-adapt",
        "google/t5-small-ssm-nq",
        "google/t5-efficient-base",
        "google/long-t5-tglobal-base",
        "EleutherAI/pile-t5-base",
        "Salesforce/codet5-base",
        "acme/t5",
        "t5-base/bart",
        "facebook/bart-base",
    ],
)
def test_checkpoint_without_prefixes(
    checkpoint: str, diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(summary_of(minimal_spec, checkpoint)) == []


@pytest.mark.parametrize(
    ("task", "prefix"),
    [("summarization", "summarize: "), ("translation", "translate English to German: ")],
)
def test_help_shows_a_prefix_of_the_task(
    task: str, prefix: str, examine: Examine, minimal_spec: str
) -> None:
    text = summary_of(minimal_spec, "google-t5/t5-small").replace("summarization", task)
    (finding,) = examine(text).diagnostics
    assert finding.helps == (f'add a prefix, such as "{prefix}{{text}}"',)


def test_task_without_a_source_has_no_prefix(diagnose: Diagnose, minimal_spec: str) -> None:
    assert diagnose(minimal_spec.replace("acme/bert", "google-t5/t5-small")) == []
