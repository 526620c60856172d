"""The door to the engine: what is missing is named before anything heavy is imported."""

from __future__ import annotations

import importlib.util
import os

from ftspec.errors import MissingExtraError

_NEEDED = (
    "torch",
    "transformers",
    "datasets",
    "accelerate",
    "evaluate",
    "rich",
    "sklearn",
    "tensorboard",
)


def require_engine() -> None:
    """Make sure that the engine can be imported.

    Raises:
        MissingExtraError: the ``train`` extra is not installed.
    """
    for module in _NEEDED:
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(module, "pip install 'ftspec[train]'")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # no warning when workers fork
