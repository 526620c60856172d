"""The test kit for plugins: conformance checks, and helpers for the plugin's own tests.

In a plugin's tests::

    import pytest
    from ftspec.testing import Subject, checks_of

    SUBJECT = Subject.installed("example", project=Path(__file__).parents[1])

    @pytest.mark.parametrize("check", checks_of(SUBJECT), ids=str)
    def test_conforms(check):
        check()

A check raises :class:`NonconformingError` with the mistake, or ``unittest.SkipTest`` if it cannot
run. This module does not import torch. Three others do: :mod:`ftspec.testing.training` has checks
that train, :mod:`ftspec.testing.runs` runs specs in a test, and :mod:`ftspec.testing.commands` runs
the ``ftspec`` command.
"""

from __future__ import annotations

from ftspec.testing.cases import case_checks
from ftspec.testing.check import Check, NonconformingError
from ftspec.testing.configs import config_checks
from ftspec.testing.factories import factory_checks
from ftspec.testing.findings import lint_spec
from ftspec.testing.imports import import_checks
from ftspec.testing.readme import readme_checks
from ftspec.testing.records import record_checks
from ftspec.testing.subject import Subject

__all__ = ["Check", "NonconformingError", "Subject", "checks_of", "lint_spec"]


def checks_of(subject: Subject) -> list[Check]:
    """Every check that does not need torch. Factories are imported in a process of their own."""
    return [
        *import_checks(subject),
        *record_checks(subject),
        *config_checks(subject),
        *factory_checks(subject),
        *case_checks(subject),
        *readme_checks(subject),
    ]
