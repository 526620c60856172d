"""datasets takes nothing from its cache for a while, and caches as before afterwards."""

from __future__ import annotations

import datasets
import pytest

from ftspec.engine.patches.dataset_cache import no_dataset_cache


@pytest.mark.parametrize("caches", [True, False])
def test_caching_is_as_before_afterwards(caches: bool) -> None:
    was_enabled = datasets.is_caching_enabled()
    try:
        (datasets.enable_caching if caches else datasets.disable_caching)()
        with no_dataset_cache():
            assert not datasets.is_caching_enabled()
        assert datasets.is_caching_enabled() is caches
        with pytest.raises(ValueError, match="no such column"), no_dataset_cache():
            raise ValueError("no such column")
        assert datasets.is_caching_enabled() is caches
    finally:
        (datasets.enable_caching if was_enabled else datasets.disable_caching)()
