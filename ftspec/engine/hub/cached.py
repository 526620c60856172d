"""Whether the caches of the libraries have what a run needs, without asking the Hub."""

from __future__ import annotations

from pathlib import Path

import datasets

from ftspec.engine.model.checkpoint import Checkpoint, is_cached

_DESCRIPTIONS = ("config.json", "tokenizer_config.json")


def has_model(name: str, revision: str | None) -> bool:
    """Whether files of a model, or of a tokenizer, are in the cache."""
    return is_cached(Checkpoint(name=name, revision=revision, is_hub=True), _DESCRIPTIONS)


def has_dataset(name: str | None) -> bool:
    """Whether datasets has prepared some rows of a repository."""
    if name is None:
        return False
    # the folder of acme/MyRows is acme___my_rows
    wanted = name.replace("/", "___").lower().replace("_", "")
    folders = Path(datasets.config.HF_DATASETS_CACHE).glob("*___*")
    return any(folder.name.lower().replace("_", "") == wanted for folder in folders)
