"""Numbers that no setting can have. A library would fail with them, or count forever, after the
data is prepared and the model is loaded."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.document.nodes import placed_scalars, shortened
from ftspec.document.paths import SpecPath, format_path

LARGEST = 2**63 - 1
"""The largest whole number that fits into the 64 bits of the libraries."""

_MODEL = ("model", "config")  # a configuration may have an infinite number


def extreme_numbers(document: Document) -> Iterator[Diagnostic]:
    """A finding for each whole number that is too large, and each number that is infinite or none
    at all."""
    for path, node in placed_scalars(document.root):
        problem = _problem(node.value, path)
        if problem is not None:
            headline, help_ = problem
            yield Diagnostic(
                slug="bad-value", headline=headline, labels=labelled(node.span), helps=(help_,)
            )


def _problem(value: object, path: SpecPath) -> tuple[str, str] | None:
    place = format_path(path)
    if isinstance(value, int) and abs(value) > LARGEST:
        return (
            f"{place} is {shortened(str(value))}, and a whole number is at most {LARGEST:,}",
            "write it in quotes, if it is a text",
        )
    if isinstance(value, float) and not math.isfinite(value) and path[:2] != _MODEL:
        return f'{place} is "{value}", which is not a finite number', "write a number"
    return None
