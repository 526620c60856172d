"""How many examples a property is tried on: the same few each time, or as many as
``FTSPEC_EXAMPLES`` says, drawn at random."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_MANY = int(os.environ.get("FTSPEC_EXAMPLES", "0"))


def examples(count: int) -> settings:
    """Settings for ``count`` examples, however slow, and nothing kept between runs."""
    return settings(
        max_examples=_MANY or count,
        derandomize=not _MANY,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
