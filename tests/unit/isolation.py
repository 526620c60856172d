"""Keeps the Hugging Face libraries away from the network and the user's caches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import datasets.config
import evaluate.config
import pytest
from huggingface_hub import constants

from ftspec.engine.patches.quiet_libraries import quiet_libraries


@contextmanager
def isolated_libraries(folder: Path) -> Iterator[None]:
    """Offline, with every cache below ``folder``."""
    with quiet_libraries(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        patch.setattr(constants, "HF_HUB_CACHE", str(folder / "hub"))
        patch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
        patch.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False)
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "datasets")
        patch.setattr(evaluate.config, "HF_EVALUATE_CACHE", folder / "evaluate")
        patch.setattr(evaluate.config, "HF_METRICS_CACHE", folder / "metrics")
        patch.setattr(evaluate.config, "HF_MODULES_CACHE", folder / "modules")
        yield
