"""Datasets on the Hub, tested without a Hub; tests/hub and tests/engine have one."""

from __future__ import annotations

import pytest

from ftspec.api import RunError
from ftspec.builtin.sources.config import HubConfig
from ftspec.builtin.sources.hub import HubSource
from tests.unit.builtin.conftest import MakeContext


def test_offline_and_not_in_the_cache(context: MakeContext) -> None:
    source = HubSource(HubConfig(path="acme/reviews"), context("data", "source"))
    for ask in (source.split_names, lambda: source.load("train")):
        with pytest.raises(RunError) as caught:
            ask()
        assert caught.value.slug == "hub"
        assert caught.value.at == ("data", "source", "path")
        assert caught.value.headline == (
            'cannot load "acme/reviews": the Hub cannot be reached and the cache does not hold it'
        )
