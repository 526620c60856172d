"""The conformance checks: lint, training with the smoke profile, prediction."""

from pathlib import Path

import pytest

from ftspec.testing import Check, Subject, checks_of
from ftspec.testing.training import training_checks_of

SUBJECT = Subject.installed("preference", project=Path(__file__).parents[1])


@pytest.mark.parametrize("check", checks_of(SUBJECT), ids=str)
def test_conforms(check: Check) -> None:
    check()


@pytest.mark.parametrize("check", training_checks_of(SUBJECT), ids=str)
def test_trains(check: Check) -> None:
    check()
