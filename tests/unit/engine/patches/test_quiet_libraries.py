"""Libraries are quiet for a while, and have their own settings again afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import datasets
import pytest
from huggingface_hub import utils as hub
from transformers.utils import logging as transformers_logging

from ftspec.engine.patches.quiet_libraries import quiet_libraries

Settings = tuple[int, bool, bool, bool]
QUIET: Settings = (transformers_logging.WARNING, False, False, False)
ERRORS: Settings = (transformers_logging.ERROR, False, False, False)


def settings() -> Settings:
    """The verbosity of transformers, and whether transformers, datasets and the Hub show bars."""
    return (
        transformers_logging.get_verbosity(),
        transformers_logging.is_progress_bar_enabled(),
        not datasets.are_progress_bars_disabled(),
        not hub.are_progress_bars_disabled(),
    )


def choose(verbosity: int, transformers_bars: bool, datasets_bars: bool, hub_bars: bool) -> None:
    transformers_logging.set_verbosity(verbosity)
    for shows, enable, disable in (
        # transformers switches the Hub's too
        (
            transformers_bars,
            transformers_logging.enable_progress_bar,
            transformers_logging.disable_progress_bar,
        ),
        (datasets_bars, datasets.enable_progress_bars, datasets.disable_progress_bars),
        (hub_bars, hub.enable_progress_bars, hub.disable_progress_bars),
    ):
        (enable if shows else disable)()


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = settings()
    yield
    choose(*before)


@pytest.mark.parametrize("verbosity", [transformers_logging.INFO, transformers_logging.ERROR])
@pytest.mark.parametrize("bars", [(True, True, True), (False, True, False), (True, False, False)])
def test_settings_of_the_user_come_back(verbosity: int, bars: tuple[bool, bool, bool]) -> None:
    choose(verbosity, *bars)
    chosen = settings()
    with quiet_libraries():
        assert settings() == QUIET
        with quiet_libraries(only_errors=True):
            assert settings() == ERRORS
        assert settings() == QUIET
    assert settings() == chosen


def test_settings_come_back_after_an_error() -> None:
    choose(transformers_logging.INFO, True, True, True)
    chosen = settings()
    with pytest.raises(ValueError, match="broken"), quiet_libraries():
        raise ValueError("broken")
    assert settings() == chosen
