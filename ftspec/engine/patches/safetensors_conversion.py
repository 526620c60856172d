"""Loads pickled weights without asking the Hub to convert them.

Why: transformers asks a service on the Hub to convert each repository that has pickled weights
only, and opens a pull request there. A run must not.

How long: while one model with pickled weights is loaded.

When it can go: as soon as ``from_pretrained`` has an argument for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLE = "DISABLE_SAFETENSORS_CONVERSION"


@contextmanager
def no_safetensors_conversion() -> Iterator[None]:
    """Inside, transformers converts nothing."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before
