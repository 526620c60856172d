"""A process that checks pairs quickly and prints nothing but verdicts."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transformers.utils import logging

from ftspec.testing.runs import isolated_machine


@contextmanager
def quiet_machine(folder: Path) -> Iterator[None]:
    """Caches of its own in ``folder``, one thread, no Hub, no progress bars and no warnings.

    What is imported by now is left out when memory is freed. The Trainer does that for every run,
    and takes half a second to look at everything that was ever imported.
    """
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    gc.collect()
    gc.freeze()
    try:
        with isolated_machine(folder), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        gc.unfreeze()
        logging.enable_progress_bar()
        logging.set_verbosity(verbosity)
