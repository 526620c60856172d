"""Short names of datasets on the Hub, and what they became."""

from __future__ import annotations

import re

import pytest

from ftspec.builtin.sources.names import FULL_NAMES
from tests.unit.conftest import Examine, placed


def test_table_has_short_names_and_full_ones_in_order() -> None:
    assert list(FULL_NAMES) == sorted(FULL_NAMES)
    assert all(re.fullmatch(r"[\w-]+", short) for short in FULL_NAMES)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+", full) for full in FULL_NAMES.values())


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("glue", "nyu-mll/glue"),
        ("boolq", "google/boolq"),
        ("gsm8k", "openai/gsm8k"),
        ("wnut_17", "leondz/wnut_17"),
        ("yahoo_answers_topics", "community-datasets/yahoo_answers_topics"),
        ("pubmed_qa", "qiaojin/PubMedQA"),
    ],
)
def test_short_name_is_replaced(short: str, full: str, examine: Examine, minimal_spec: str) -> None:
    (finding,) = examine(minimal_spec.replace("acme/reviews", short)).diagnostics
    assert placed(finding) == "3:29 legacy-dataset"
    assert finding.helps == (f'write "{full}"',)
    assert finding.fix is not None
    assert finding.fix.replacement == full
