"""The exceptions and their attributes."""

from __future__ import annotations

import pytest

from ftspec.errors import FtspecError, MissingExtraError, RunError, SpecError, UsageError


@pytest.mark.parametrize("error", [SpecError, RunError, MissingExtraError, UsageError])
def test_every_expected_error_is_one_of_ftspec(error: type[Exception]) -> None:
    assert issubclass(error, FtspecError)


def test_run_error_knows_the_place_in_the_spec_and_what_helps() -> None:
    error = RunError("no", slug="bad-rows", at=("data", "source"), helps=["a", "b"])
    assert str(error) == error.headline == "no"
    assert (error.slug, error.at, error.helps) == ("bad-rows", ("data", "source"), ("a", "b"))


def test_missing_extra_names_the_command_that_installs_it() -> None:
    error = MissingExtraError("torch", "pip install 'ftspec[train]'")
    assert str(error) == (
        "the package \"torch\" is not installed; install it with: pip install 'ftspec[train]'"
    )
    assert error.module == "torch"
