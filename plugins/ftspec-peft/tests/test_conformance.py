"""The conformance checks: lint, training with the smoke profile, prediction."""

from pathlib import Path

import pytest

from ftspec.testing import Check, Subject, checks_of
from ftspec.testing.training import training_checks_of

ON_THE_HUB = "lora_gpt2.yaml"  # tested where the tests of ftspec have a Hub
SUBJECT = Subject.installed("peft", project=Path(__file__).parents[1])


@pytest.mark.parametrize("check", checks_of(SUBJECT), ids=str)
def test_conforms(check: Check) -> None:
    check()


@pytest.mark.slow
@pytest.mark.parametrize(
    "check", [one for one in training_checks_of(SUBJECT) if one.about != ON_THE_HUB], ids=str
)
def test_trains(check: Check) -> None:
    check()
