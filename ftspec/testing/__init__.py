"""The conformance kit: what a plugin must keep to, as checks that its own tests run.

In a plugin's tests::

    import pytest
    from ftspec.testing import Subject, checks_of

    SUBJECT = Subject.installed("example", project=Path(__file__).parents[1])

    @pytest.mark.parametrize("check", checks_of(SUBJECT), ids=str)
    def test_conforms(check):
        check()

Nothing here imports torch; :mod:`ftspec.testing.training` has the checks that do. A check raises
:class:`NonconformingError` with what is wrong, or ``unittest.SkipTest`` where it cannot be made,
as any test framework understands.
"""

from __future__ import annotations

from ftspec.testing.cases import case_checks
from ftspec.testing.check import Check, NonconformingError
from ftspec.testing.configs import config_checks
from ftspec.testing.factories import factory_checks
from ftspec.testing.imports import import_checks
from ftspec.testing.readme import readme_checks
from ftspec.testing.records import record_checks
from ftspec.testing.subject import Subject

__all__ = ["Check", "NonconformingError", "Subject", "checks_of"]


def checks_of(subject: Subject) -> list[Check]:
    """Every check that needs no torch, apart from factories, which are imported by themselves."""
    return [
        *import_checks(subject),
        *record_checks(subject),
        *config_checks(subject),
        *factory_checks(subject),
        *case_checks(subject),
        *readme_checks(subject),
    ]
