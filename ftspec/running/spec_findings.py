"""The findings in a spec, as exceptions and warnings of a Python program."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping

from ftspec.diagnostics.model import Diagnostic, Severity
from ftspec.diagnostics.render import text
from ftspec.errors import FtspecWarning, SpecError
from ftspec.masking import ambient_secrets, mask


def spec_error(found: Iterable[Diagnostic], secrets: Mapping[str, str] | None = None) -> SpecError:
    """The error of a spec, with the text of all its findings that the command line shows."""
    found = tuple(found)
    shown = [one for one in found if one.severity is not Severity.INFO]
    return SpecError(found, _text(shown, secrets))


def warn_of(
    found: Iterable[Diagnostic], secrets: Mapping[str, str] | None = None, *, stacklevel: int
) -> None:
    """Warn of each finding that stops no run. Findings of the severity "info" are left out."""
    for one in found:
        if one.severity is not Severity.INFO:
            warnings.warn(_text([one], secrets), FtspecWarning, stacklevel=stacklevel + 1)


def _text(found: list[Diagnostic], secrets: Mapping[str, str] | None) -> str:
    return mask(text.render(found).rstrip("\n"), secrets or ambient_secrets(os.environ))
