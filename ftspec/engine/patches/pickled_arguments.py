"""Saves a model without the pickle of its TrainingArguments.

Why: ``training_args.bin`` runs the code of its author when it is loaded, holds paths and tokens in
clear, and says nothing that the resolved spec does not say. ``Trainer._save`` writes it last. To
delete it afterwards leaves it on disk for a moment, and forever if the process dies.

How long: while ``Trainer._save`` writes one checkpoint or model.

When it can go: as soon as transformers has an option not to write the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import TrainingArguments


@contextmanager
def no_pickled_arguments() -> Iterator[None]:
    """Inside, ``torch.save`` writes no file for TrainingArguments, and all other values as before.
    ``Trainer._save`` is not replaced: libraries that bring a Trainer override it."""
    save = torch.save

    def save_all_else(value: Any, *arguments: Any, **options: Any) -> None:
        if not isinstance(value, TrainingArguments):
            save(value, *arguments, **options)

    torch.save = save_all_else  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.save = save
