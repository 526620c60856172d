"""Keeps libraries from printing.

Why: their progress bars would break the one that ftspec shows, and their warnings go to the run's
log.

How long: during a run, a look into the cache, a merge, or a batch of predictions.

When it can go: never, since a library cannot know that another one reports for it. What is changed
are settings that the libraries document.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import datasets
import huggingface_hub.utils as hub
from transformers.utils import logging as transformers_logging


@contextmanager
def quiet_libraries(*, only_errors: bool = False) -> Iterator[None]:
    """Inside, datasets, transformers and huggingface_hub show no progress bars, and transformers
    logs warnings, or ``only_errors``."""
    verbosity = transformers_logging.get_verbosity()
    shows_datasets = not datasets.are_progress_bars_disabled()
    shows_transformers = transformers_logging.is_progress_bar_enabled()
    shows_hub = not hub.are_progress_bars_disabled()
    transformers_logging.set_verbosity(
        transformers_logging.ERROR if only_errors else transformers_logging.WARNING
    )
    datasets.disable_progress_bars()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # and the Hub's
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if shows_datasets:
            datasets.enable_progress_bars()
        if shows_transformers:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
        if shows_hub and hub.are_progress_bars_disabled():
            hub.enable_progress_bars()
        elif not shows_hub and not hub.are_progress_bars_disabled():
            hub.disable_progress_bars()
