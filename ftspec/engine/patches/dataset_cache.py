"""Loads rows without the cache of datasets.

Why: datasets finds transformed rows in its own cache by the name of the function that made them. It
does not see that an upgraded plugin makes other rows. ftspec has a cache of its own, with a key
that covers the code of plugins.

How long: while the rows of the splits are loaded and transformed.

When it can go: as soon as the fingerprint of ``Dataset.map`` covers the source of a package.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import datasets


@contextmanager
def no_dataset_cache() -> Iterator[None]:
    """Inside, datasets takes no transformed rows from its cache."""
    was_enabled = datasets.is_caching_enabled()
    datasets.disable_caching()
    try:
        yield
    finally:
        if was_enabled:
            datasets.enable_caching()
