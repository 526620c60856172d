"""The packages that a plan needs are installed, before anything is prepared."""

from __future__ import annotations

from ftspec.errors import RunError
from ftspec.planning.needed_packages import needed_packages
from ftspec.planning.plan import Plan


def require_needed_packages(plan: Plan) -> None:
    """Require the packages of every setting, without importing them. Lint says the same, but a
    comment can ignore that.

    Raises:
        RunError: one is not installed, or is too old.
    """
    for need in needed_packages(plan):
        problem = need.problem
        if problem is not None:
            raise RunError(
                problem,
                slug="missing-package",
                at=need.at,
                helps=(f"install it with: {need.install}",),
            )
